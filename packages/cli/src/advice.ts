import type { AdapterDescription } from "@facet/kernels-wgsl";

type Kind = AdapterDescription["kind"];

/**
 * What can be done to compute faster than on an adapter of this kind (`none`: there is none), best first; `others` are the
 * kinds that could be had as well. Empty where a GPU is in use.
 */
export function advice(kind: Kind | "none", platform: string, others: readonly Kind[] = []): string[] {
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
    return [gpu, "Without a GPU, lavapipe is the fastest that Facet knows; it uses every core, so more cores help."];
  }
  if (others.includes("lavapipe")) return [gpu, `Mesa's ${faster} It is installed: set FACET_ADAPTER=lavapipe.`];
  if (platform !== "linux") return [gpu];
  const install =
    "On Debian and Ubuntu: apt-get install mesa-vulkan-drivers. On Debian 12 take it from backports (apt-get install -t " +
    "bookworm-backports mesa-vulkan-drivers): Dawn refuses Debian 12's own, 22.3.";
  return [gpu, `Mesa's ${faster} ${install}`];
}
