// complex_multiply_rows: y[r, i] = scale * x[r, i] * w[i] for i below both widths, else 0; of pairs (real, imaginary)
//
// x       [count, width_in];  w [at least as many as both have];  y [count, width], overwritten
// Thread  every LANES-th element of its workgroup's tile.
// Reference: fft.ref.ts

struct Params {
  count: u32,
  width_in: u32,
  width: u32,
  tile: u32,
  scale: f32,
}

const LANES = 64u;

@group(0) @binding(0) var<storage, read> x: array<vec2<f32>>;
@group(0) @binding(1) var<storage, read> w: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2<f32>>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = (group.y * groups.x + group.x) * params.tile;
  let end = min(first + params.tile, params.count * params.width);
  for (var i = first + lane; i < end; i += LANES) {
    let row = i / params.width;
    let at = i - row * params.width;
    var v = vec2(0.0);
    if (at < params.width_in) {
      let a = x[row * params.width_in + at];
      let b = w[at];
      v = vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x) * params.scale;
    }
    y[i] = v;
  }
}
