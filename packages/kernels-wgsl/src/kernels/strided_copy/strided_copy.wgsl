// strided_copy: y[y_offset + sum i_d y_stride_d] = x[x_offset + sum i_d x_stride_d] for all i below the extents
//
// x, y    32-bit words of any type. Strides and offsets in words; a stride may be 0 (repeat) or negative (flip): it is a
//         two's complement number, and index arithmetic wraps around as u32.
// y       overwritten where it is addressed, else left alone: concat and place write one part after another
// axes    per dimension (extent, x stride, y stride, 0); the last runs fastest. Up to 6 dimensions after merging.
// Thread  one word, lanes along the last dimension.
// Reference: strided_copy.ref.ts

struct Params {
  count: u32,
  rank: u32,
  x_offset: u32,
  y_offset: u32,
  axes: array<vec4<u32>, 6>,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let at = (group.x + group.y * groups.x) * LANES + lane;
  if (at >= params.count) { return; }
  var rest = at;
  var source = params.x_offset;
  var target_at = params.y_offset;
  for (var d = params.rank; d > 0u; d--) {
    let axis = params.axes[d - 1u];
    let i = rest % axis.x;
    rest /= axis.x;
    source += i * axis.y;
    target_at += i * axis.z;
  }
  y[target_at] = x[source];
}
