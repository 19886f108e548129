// What objects of PyTorch's classes lack is refused by name, and may be one's own.
import { UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

describe("members of PyTorch's classes that are absent", () => {
  const { nn, optim } = torch;
  const objects = (): [string, Record<string, unknown>][] => {
    const net = new nn.Linear(2, 1);
    return [
      ["untyped_storage", torch.ones(2)],
      ["is_shared", net.weight],
      ["xpu", net],
      ["half", net],
      ["profile_hook_step", new optim.SGD(net.parameters())],
    ] as unknown as [string, Record<string, unknown>][];
  };

  test("are refused by name", () => {
    for (const [name, object] of objects()) {
      expect(() => object[name], name).toThrow(UnsupportedError);
      expect(() => object[name], name).toThrow(/COMPAT\.md of shims-torch/);
    }
    expect(() => (torch.ones(2) as unknown as Record<string, () => void>).to_sparse?.()).toThrow(
      /torch\.Tensor: to_sparse: .* the nearest is /,
    );
  });

  test("may be assigned, overridden and registered", async () => {
    class Net extends nn.Module {
      half = new nn.Linear(1, 1);
      double: torch.nn.Parameter;
      constructor() {
        super();
        this.double = new nn.Parameter(torch.ones(1));
      }
      xpu(): string {
        return "here";
      }
    }
    const net = new Net();
    expect(net.xpu()).toBe("here");
    expect([...net.named_parameters()].map(([name]) => name)).toEqual(["double", "half.weight", "half.bias"]);
    const x = Object.assign(torch.ones(2), { layout: "mine" });
    expect(x.layout).toBe("mine");
    expect(Object.keys(torch.ones(2))).toEqual([]);
  });
});
