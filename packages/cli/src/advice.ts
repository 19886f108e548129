import type { AdapterDescription } from "@facet/kernels-wgsl";

type Kind = AdapterDescription["kind"];

/**
 * What can be done to compute faster than on an adapter of this kind (`none`: there is none), best first; `others` are the
 * kinds that could be had as well; `width`: the environment's LP_NATIVE_VECTOR_WIDTH. Empty where a GPU is in use.
 *
 * Sixteen lanes do not pay: with LP_NATIVE_VECTOR_WIDTH=512 on a processor with AVX-512 (lavapipe 25.0, alternated with
 * 256) a product of 768 x 768 took 3 to 5 times the processor's time, while exp, add, softmax and sums took the same.
 */
export function advice(kind: Kind | "none", platform: string, others: readonly Kind[] = [], width = ""): string[] {
  if (kind === "hardware") return [];
  if (others.includes("hardware")) return ["There is a GPU: unset FACET_ADAPTER, or set it to hardware."];
  const driver =
    platform === "linux"
      ? "the vendor's Vulkan driver (NVIDIA: the nvidia-driver package of your distribution; AMD and Intel: " +
        "mesa-vulkan-drivers), and in a container pass the device through."
      : "the vendor's current driver.";
  const gpu = `A GPU is by far the fastest. If this machine has one, its driver is missing or not seen: install ${driver}`;
  const faster =
    "lavapipe is about twice as fast as SwiftShader, because it compiles shaders for the processor's full vector width " +
    "and SwiftShader for four lanes.";
  if (kind === "lavapipe") {
    const wide =
      "LP_NATIVE_VECTOR_WIDTH=512 makes lavapipe's products several times slower, and nothing faster: unset it.";
    const cores = "Without a GPU, lavapipe is the fastest that Facet knows; it uses every core, so more cores help.";
    return Number(width) > 256 ? [wide, gpu, cores] : [gpu, cores];
  }
  if (others.includes("lavapipe")) return [gpu, `Mesa's ${faster} It is installed: set FACET_ADAPTER=lavapipe.`];
  if (platform !== "linux") return [gpu];
  const install =
    "On Debian and Ubuntu: apt-get install mesa-vulkan-drivers. On Debian 12 take it from backports (apt-get install -t " +
    "bookworm-backports mesa-vulkan-drivers): Dawn refuses Debian 12's own, 22.3.";
  return [gpu, `Mesa's ${faster} ${install}`];
}
