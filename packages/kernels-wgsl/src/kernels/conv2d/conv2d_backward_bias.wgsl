// conv2d_backward_bias: db[o] = sum over n, oy, ox of dy[n, oy, ox, o]
//
// dy         any layout, by the strides of y
// db         [out_c], overwritten
// Workgroup  4 channels, which stand side by side in NHWC. Lane l sums rows l, l + 64, ... (counted n, oy), each with ox
//            ascending; then lane l < 8 sums the lanes l, l + 8, ..., and lane 0 those eight. Only two barriers, as software
//            adapters pay dearly for them.
// Order      as above.
// Limits     32-bit element offsets. Reference: conv2d.ref.ts

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> db: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIZE = 64u;
const LAST = 8u;

var<workgroup> sums: array<vec4<f32>, SIZE>;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let o = (group.y * groups.x + group.x) * 4u;
  if (o >= params.out_c) { return; }
  let channel = min(o + vec4(0u, 1u, 2u, 3u), vec4(params.out_c - 1u)) * params.y_c;
  let rows = params.batch * params.out_h;
  var sum = vec4(0.0);
  for (var row = lane; row < rows; row += SIZE) {
    var at = row / params.out_h * params.y_n + row % params.out_h * params.y_h + channel;
    for (var ox = 0u; ox < params.out_w; ox++) {
      sum += vec4(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
      at += params.y_w;
    }
  }
  sums[lane] = sum;
  // The sums of all lanes must be there before eight lanes read them.
  workgroupBarrier();
  if (lane < LAST) {
    for (var l = lane + LAST; l < SIZE; l += LAST) { sum += sums[l]; }
    sums[lane] = sum;
  }
  // The eight sums must be there before one lane reads them.
  workgroupBarrier();
  if (lane == 0u) {
    for (var l = 1u; l < LAST; l++) { sum += sums[l]; }
    for (var j = 0u; j < min(4u, params.out_c - o); j++) { db[o + j] = sum[j]; }
  }
}
