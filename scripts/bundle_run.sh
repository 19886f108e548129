#!/bin/sh
# Benches Facet on this machine's GPU, then PyTorch on the same workloads if python3 has it. No network, nothing installed.
#   ./run.sh [options of the bench, as --filter TEXT, --full, --only peers]
# FACET_ADAPTER chooses the adapter (default: hardware); FACET_OUT the folder for results (default: ./results).
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
adapter=${FACET_ADAPTER:-hardware}
out=${FACET_OUT:-$here/results}
export FACET_ADAPTER="$adapter"
export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-${TMPDIR:-/tmp}}"

# Containers often have NVIDIA's libraries and no file that tells the Vulkan loader of them.
if [ "$adapter" = hardware ] && [ -z "${VK_DRIVER_FILES:-}${VK_ICD_FILENAMES:-}" ]; then
  icd=
  for folder in /etc/vulkan/icd.d /usr/share/vulkan/icd.d /usr/local/share/vulkan/icd.d; do
    if [ -f "$folder/nvidia_icd.json" ]; then icd=$folder/nvidia_icd.json; fi
  done
  if [ -z "$icd" ]; then
    icd=$here/nvidia_icd.json
    # libGLX_nvidia holds the driver's Vulkan; without X, libEGL_nvidia does in later drivers.
    library=libGLX_nvidia.so.0
    if ! ldconfig -p 2>/dev/null | grep -q "$library" && ldconfig -p 2>/dev/null | grep -q libEGL_nvidia.so.0; then
      library=libEGL_nvidia.so.0
    fi
    printf '{"file_format_version": "1.0.1", "ICD": {"library_path": "%s", "api_version": "1.3.0"}}\n' "$library" >"$icd"
  fi
  export VK_DRIVER_FILES="$icd" VK_ICD_FILENAMES="$icd"
fi

mkdir -p "$out"
"$here/node" --expose-gc "$here/bench.mjs" --peers "" --out "$out" "$@"

report=$(ls -t "$out"/*.json | grep -v torch | head -n 1)
device=${FACET_TORCH_DEVICE:-cuda}
if python3 -c "import torch, sys; sys.exit(0 if '$device' != 'cuda' or torch.cuda.is_available() else 1)" 2>/dev/null; then
  python3 "$here/torch_cuda.py" --report "$report" --out "$out/torch.json" --device "$device"
  "$here/node" "$here/bench.mjs" --merge "$out/torch.json" --into "$report"
else
  echo "run.sh: python3 has no PyTorch that sees a GPU; the report has Facet alone"
fi
echo "results: $out"
