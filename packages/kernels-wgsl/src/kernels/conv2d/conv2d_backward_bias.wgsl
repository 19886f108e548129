// conv2d_backward_bias: partial[chunk, o] = sum over the rows (n, oy) of the chunk and over ox of dy[n, oy, ox, o]
//
// dy       any layout, by the strides of y
// partial  [chunks, out_c], overwritten. A chunk is chunk_rows rows of dy counted over the whole batch
//          (conv2dBackwardBiasPlan says how many); with one chunk, partial is db.
// Thread   one channel (V, WIDTH: four; D, load: that stand side by side) of one chunk. Threads count channels first.
// Order    n, oy, ox ascending from zero: variants of order "rows" give the same bits. Four loads go ahead of their sums.
// Limits   32-bit element offsets. Reference: conv2d.ref.ts

struct Params {
  batch: u32, in_h: u32, in_w: u32, in_c: u32,
  out_h: u32, out_w: u32, out_c: u32,
  filter_h: u32, filter_w: u32, stride_h: u32, stride_w: u32,
  pad_top: u32, pad_left: u32, dilation_h: u32, dilation_w: u32, groups: u32,
  x_n: u32, x_h: u32, x_w: u32, x_c: u32,
  y_n: u32, y_h: u32, y_w: u32, y_c: u32,
  w_h: u32, w_w: u32, w_i: u32, w_o: u32,
  has_bias: u32, chunks: u32, chunk_rows: u32,
}

alias D = f32;
alias V = f32;
const WIDTH = 1u;
const SIZE = 64u;

@group(0) @binding(0) var<storage, read> dy: array<D>;
@group(0) @binding(1) var<storage, read_write> partial: array<V>;
@group(0) @binding(2) var<uniform> params: Params;

fn load(at: u32) -> V { return dy[at]; }

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(num_workgroups) groups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let channels = params.out_c / WIDTH;
  let thread = (group.y * groups.x + group.x) * SIZE + lane;
  let chunk = thread / channels;
  if (chunk >= params.chunks) { return; }
  let channel = thread % channels * WIDTH * params.y_c;
  let step = params.y_w;
  var sum = V();
  let end = min((chunk + 1u) * params.chunk_rows, params.batch * params.out_h);
  for (var row = chunk * params.chunk_rows; row < end; row++) {
    var at = row / params.out_h * params.y_n + row % params.out_h * params.y_h + channel;
    var ox = 0u;
    for (; ox + 4u <= params.out_w; ox += 4u) {
      sum = sum + load(at) + load(at + step) + load(at + 2u * step) + load(at + 3u * step);
      at += 4u * step;
    }
    for (; ox < params.out_w; ox++) {
      sum += load(at);
      at += step;
    }
  }
  partial[thread] = sum;
}
