import type { AdapterDescription } from "@facet/kernels-wgsl";

type Kind = AdapterDescription["kind"] | "none";

/** What can be done to compute faster than on an adapter of this kind, best first. Empty where a GPU is in use. */
export function advice(kind: Kind, platform: string): string[] {
  if (kind === "hardware") return [];
  const tips = [
    "A GPU is faster than any of this by far. If this machine has one, its driver is missing or not seen: " +
      (platform === "linux"
        ? "install the vendor's Vulkan driver (NVIDIA: the nvidia-driver package of your distribution; AMD and Intel: mesa-vulkan-drivers), and in a container pass the device through."
        : "install the vendor's current driver."),
  ];
  if (platform === "linux" && kind !== "lavapipe") {
    tips.push(
      "Mesa's lavapipe is about twice as fast as SwiftShader, because it compiles shaders for the processor's full vector " +
        "width and SwiftShader for four lanes. On Debian and Ubuntu: apt-get install mesa-vulkan-drivers. On Debian 12 take " +
        "it from backports (apt-get install -t bookworm-backports mesa-vulkan-drivers): Dawn refuses Debian 12's own, 22.3.",
    );
  }
  if (kind === "lavapipe") {
    tips.push("Without a GPU, lavapipe is the fastest that Facet knows; it uses every core, so more cores help.");
  }
  return tips;
}
