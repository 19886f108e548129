// sort_merge: neighbouring runs of `run` sorted pairs merged into one; of equal keys those of the first run go first
//
// pairs   [lines, extent] of (key, place), contiguous; the last run of a line may be short, or have no neighbour
// y       as pairs, overwritten
// Thread  SPAN pairs of y in a row: a search finds how many of those before them are of the first run.
// Reference: sort.ref.ts

struct Params {
  lines: u32,
  extent: u32,
  run: u32,
}

const LANES = 64u;
const SPAN = 16u;

@group(0) @binding(0) var<storage, read> pairs: array<vec2<u32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2<u32>>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let t = (group.y * groups.x + group.x) * LANES + lane;
  let spans = (params.extent + SPAN - 1u) / SPAN;
  if (t >= params.lines * spans) { return; }
  let line = t / spans;
  let first = (t - line * spans) * SPAN;
  let base = line * params.extent;
  // A run is a multiple of SPAN, so all of these are of one pair of runs: a from low to middle, b from there to high.
  let low = first - first % (2u * params.run);
  let middle = min(low + params.run, params.extent);
  let high = min(middle + params.run, params.extent);
  let before = first - low;
  var from_a = before - min(before, high - middle);
  var most = min(before, middle - low);
  while (from_a < most) {
    let half = (from_a + most) / 2u;
    if (pairs[base + low + half].x <= pairs[base + middle + before - 1u - half].x) {
      from_a = half + 1u;
    } else {
      most = half;
    }
  }
  var a = low + from_a;
  var b = middle + before - from_a;
  for (var k = first; k < min(first + SPAN, high); k++) {
    let of_a = pairs[base + min(a, params.extent - 1u)];
    let of_b = pairs[base + min(b, params.extent - 1u)];
    let takes_a = a < middle && (b >= high || of_a.x <= of_b.x);
    y[base + k] = select(of_b, of_a, takes_a);
    a += u32(takes_a);
    b += u32(!takes_a);
  }
}
