// Hooks of modules, containers and what is found in a module by name, against the same programs in PyTorch
// (test/goldens/generate_torch_nn.py).
import { readFileSync } from "node:fs";
import { ArgumentError, DtypeError, UnsupportedError } from "@facet/autograd";
import * as torch from "@facet/shims-torch";
import { describe, expect, test } from "vitest";

const { nn } = torch;
type Tensor = torch.Tensor;
// biome-ignore lint/suspicious/noExplicitAny: plain values of all shapes.
type Any = any;
const golden = JSON.parse(readFileSync(new URL("../goldens/torch_nn.json", import.meta.url), "utf8"));

const ramp = (...shape: number[]): Tensor => {
  const n = shape.reduce((a, b) => a * b, 1);
  return torch
    .tensor(
      Array.from({ length: n }, (_, k) => (k + 1) / n),
      { dtype: torch.float32 },
    )
    .reshape(shape);
};
function ramps<M extends torch.nn.Module>(module: M): M {
  torch.no_grad(() => {
    for (const p of module.parameters()) p.copy_(ramp(...p.shape));
  });
  return module;
}
const net = () => ramps(new nn.Sequential(new nn.Linear(3, 2), new nn.Tanh(), new nn.Linear(2, 1)));

/** Enters something into a log; gives the result of a hook. */
function noted<T>(log: Any[], entry: Any, result: T): T {
  log.push(entry);
  return result;
}
/** Tensors in a log as their values. */
async function plain(value: Any): Promise<Any> {
  if (value instanceof torch.Tensor) return value.detach().tolist();
  if (Array.isArray(value)) return Promise.all(value.map(plain));
  return value;
}
/** Numbers within float32's rounding of a few sums and tanh, the rest as it is. */
function close(given: Any, expected: Any, path = ""): void {
  if (typeof expected === "number")
    expect(Math.abs(given - expected), path).toBeLessThan(2e-6 * Math.max(1, Math.abs(expected)));
  else if (Array.isArray(expected)) {
    expect(given?.length, path).toBe(expected.length);
    for (const [k, each] of expected.entries()) close(given[k], each, `${path}[${k}]`);
  } else expect(given, path).toEqual(expected);
}

describe("hooks", () => {
  test("before and after forward, in order, may change arguments and results", async () => {
    const [model, log]: [torch.nn.Sequential, Any[]] = [net(), []];
    const first = model.get(0);
    first.register_forward_pre_hook(() => void log.push("pre a"));
    first.register_forward_pre_hook((_, args) => noted(log, "pre b", args[0].mul(2)), { prepend: true });
    first.register_forward_hook((_, args, out) => void log.push(["post a", args, out]));
    first.register_forward_hook((_m, _a, out) => noted(log, "post b", out.add(1)), { prepend: true });
    model.register_forward_hook(() => void log.push("never")).remove();
    const y = model(ramp(4, 3));
    close(await plain(log), golden.forward_hooks.log);
    close(await plain(y), golden.forward_hooks.y);
  });

  test("with_kwargs sees keywords", async () => {
    class Scaled extends nn.Module {
      override forward(x: Tensor, { scale = 1 } = {}): Tensor {
        return x.mul(scale);
      }
    }
    const [module, log]: [Scaled, Any[]] = [new Scaled(), []];
    module.register_forward_pre_hook((_, args, kwargs) => noted(log, kwargs.scale, [args, { scale: 3 }]), {
      with_kwargs: true,
    });
    module.register_forward_hook((_m, _a, kwargs) => void log.push(kwargs.scale), { with_kwargs: true });
    close(await plain(module(ramp(2), { scale: 2 })), golden.kwargs_hooks.y);
    expect(log).toEqual(golden.kwargs_hooks.log);
    module.register_forward_pre_hook(() => 3, { with_kwargs: true });
    expect(() => module(ramp(2))).toThrow(/forward pre-hook must return None or a tuple of \(new_args, new_kwargs\)/);
  });

  test("always_call is called when forward throws", () => {
    const log: Any[] = [];
    class Broken extends nn.Module {
      override forward(_x: Tensor): Tensor {
        throw new Error("broken");
      }
    }
    const module = new Broken();
    module.register_forward_hook(() => void log.push("plain"));
    module.register_forward_hook((_m, _a, out) => void log.push(["always", out ?? null]), { always_call: true });
    expect(() => module(ramp(1))).toThrow("broken");
    expect([...log, "broken"]).toEqual(golden.always_call.log);
  });

  test("of every module come before a module's own", () => {
    const [model, log]: [torch.nn.Sequential, string[]] = [net(), []];
    const note = (word: string) => (module: torch.nn.Module) => void log.push(`${word} ${module._get_name()}`);
    const every = nn.modules.module;
    const handles = [
      every.register_module_forward_pre_hook(note("pre")),
      every.register_module_forward_hook(note("post")),
      every.register_module_full_backward_pre_hook(note("back pre")),
      every.register_module_full_backward_hook(note("back")),
    ];
    model.get(0).register_forward_hook(() => void log.push("own"));
    model(ramp(1, 3)).sum().backward();
    for (const handle of handles) handle.remove();
    model(ramp(1, 3));
    expect(log).toEqual(golden.every_module.log);
  });

  test("on the way back see and change gradients", async () => {
    const [model, log]: [torch.nn.Sequential, Any[]] = [net(), []];
    const middle = model.get(2);
    middle.register_full_backward_pre_hook((_, grads) => noted(log, ["pre", grads], [(grads[0] as Tensor).mul(2)]));
    middle.register_full_backward_hook((_, i, o) => noted(log, ["a", i, o], [(i[0] as Tensor).mul(10)]));
    middle.register_full_backward_hook((_, i, o) => void log.push(["b", i, o]));
    model.get(0).register_full_backward_hook((_, i, o) => void log.push(["first", i[0] === null, o]));
    model(ramp(2, 3)).sum().backward();
    close(await plain(log), golden.backward_hooks.log);
    close(await plain([...model.parameters()].map((p) => p.grad)), golden.backward_hooks.gradients);
    middle.register_full_backward_hook(() => []);
    expect(() => model(ramp(2, 3)).sum().backward()).toThrow(
      /Backward hook returned an invalid number of grad_input, got 0, but expected 1/,
    );
  });

  test("around the state", async () => {
    const [model, log]: [torch.nn.Sequential, Any[]] = [net(), []];
    model.get(0).register_state_dict_pre_hook((_m, prefix, keep) => void log.push(["pre", prefix, keep]));
    model.get(0).register_state_dict_post_hook((_m, state, prefix, metadata) => {
      log.push(["post", prefix, metadata]);
      state[`${prefix}extra`] = torch.zeros(1);
    });
    const state = model.state_dict() as Any;
    log.push(Object.keys(state), { ...state._metadata });
    const other = new nn.Sequential(new nn.Linear(3, 2), new nn.Tanh(), new nn.Linear(2, 1));
    const before = (_m: Any, given: Any, prefix: string, ...rest: Any[]) => {
      log.push(["load", prefix, ...structuredClone(rest)]);
      delete given[`${prefix}extra`];
    };
    other.get(0).register_load_state_dict_pre_hook(before);
    other.register_load_state_dict_post_hook((m, keys) => {
      log.push(["loaded", [...keys.missing_keys], [...keys.unexpected_keys], m.get(0).bias]);
      keys.missing_keys.length = 0;
    });
    delete state["2.bias"];
    log.push(`${other.load_state_dict(state)}`);
    close(await plain(log), golden.state_hooks.log);
    expect(Object.keys(state)).toContain("0.extra");
  });

  test("may hold on to what they see and make, in calls of modules in modules", async () => {
    const seen: Tensor[] = [];
    const model = net();
    model.get(2).register_forward_hook((_m, args, out) => void seen.push(args[0], out, out.detach().mul(2)));
    const outer = new nn.Sequential(model, new nn.Identity());
    const y = outer(ramp(1, 3));
    const [input, output, twice] = (await plain(seen)) as number[][][];
    expect(output).toEqual(await y.tolist());
    expect(input?.[0]).toHaveLength(2);
    expect(twice?.[0]?.[0]).toBe(2 * (output?.[0]?.[0] as number));
  });

  test("a compiled module minds hooks that come and go", async () => {
    const model = net();
    const compiled = torch.compile((x: Tensor) => model(x).detach());
    const before = await compiled(ramp(1, 3)).tolist();
    const handle = model.register_forward_hook((_m, _a, out) => out.mul(0));
    expect(await compiled(ramp(1, 3)).tolist()).toEqual([[0]]);
    handle.remove();
    expect(await compiled(ramp(1, 3)).tolist()).toEqual(before);
  });
});

describe("containers", () => {
  const make = () => {
    const popped: Any[] = [];
    const seq = new nn.Sequential(new nn.ReLU(), new nn.Tanh());
    seq.insert(1, new nn.Sigmoid());
    seq.extend([new nn.GELU(), new nn.SiLU()]);
    popped.push(`${seq.pop(0)}`, `${seq.get([1, 3])}`, `${seq.get(-1)}`);
    seq.set(0, new nn.ELU());
    const many = new nn.ModuleList([new nn.ReLU(), new nn.Tanh()]);
    many.insert(0, new nn.Linear(1, 2));
    many.set(-1, new nn.Linear(2, 1));
    popped.push(`${many.pop(1)}`, `${many.get(":1")}`);
    const by_name = new nn.ModuleDict({ conv: new nn.Linear(2, 3), act: new nn.ReLU() });
    by_name.update({ act: new nn.Tanh(), last: new nn.Linear(3, 1) });
    by_name.set("more", new nn.Identity());
    popped.push(`${by_name.pop("act")}`);
    const params = new nn.ParameterList([new nn.Parameter(ramp(2, 3)), ramp(4)]);
    params.append(ramp(1)).extend([3, ramp(2)]);
    const by_key = new nn.ParameterDict({ left: new nn.Parameter(ramp(2, 2)), right: ramp(3) });
    by_key.set("middle", ramp(1));
    by_key.setdefault("left", null);
    popped.push(by_key.pop("right"));
    popped.push([by_key.popitem()[0], by_key.get("nothing", 7), by_key.length]);
    by_key.update({ z: ramp(2), a: "text" });
    return { popped, whole: Object.assign(new nn.Module(), { seq, many, by_name, params, by_key }) };
  };

  test("print and hold what PyTorch's do", async () => {
    const { popped, whole } = make();
    const { by_name, params, by_key } = whole;
    expect(`${whole}`).toBe(golden.containers.text);
    close(await plain(popped), golden.containers.popped);
    expect(Object.keys(whole.state_dict())).toEqual(golden.containers.state);
    expect([[...by_name], [...by_name.keys()], [...by_key], params.length, by_name.length]).toEqual(
      golden.containers.keys,
    );
    expect(`${by_key.copy()}`).toBe(golden.containers.copy);
    expect(`${by_key.fromkeys(["p", "q"], ramp(1))}`).toBe(golden.containers.from);
    expect(by_name.has("conv")).toBe(true);
    expect([...by_name.items()].map(([name, module]) => [name, module === by_name.get(name)])).toEqual([
      ["conv", true],
      ["last", true],
      ["more", true],
    ]);
    by_name.clear();
    by_key.clear();
    expect([...whole.named_parameters()].map(([name]) => name).filter((name) => name.startsWith("by"))).toEqual([]);
  });

  test("refuse what is not there and what is no module", () => {
    const { seq, many, by_name, params, by_key } = make().whole;
    expect(() => seq.get(9)).toThrow(ArgumentError);
    expect(() => many.insert(7, new nn.ReLU())).toThrow(/index: expected -2 to 1, got 7/);
    expect(() => by_name.get("conf")).toThrow(/key: expected "conv", "last", "more", got "conf"/);
    expect(() => by_name.update([["a"]] as Any)).toThrow(/pairs of a name and a value/);
    expect(() => by_key.pop("q")).toThrow(ArgumentError);
    expect(() => params(ramp(1))).toThrow(/ParameterList should not be called/);
    expect(() => by_key(ramp(1))).toThrow(/ParameterDict should not be called/);
  });

  test("parameters of a list and a dict are trained", async () => {
    const { params, by_key } = make().whole;
    params.get(0).sum().add(by_key.get("left").mul(2).sum()).backward();
    expect(await params.get(0).grad.sum().item()).toBe(6);
    expect(await by_key.get("left").grad.sum().item()).toBe(8);
  });
});

describe("parts by name", () => {
  test("are found and exchanged", () => {
    const model = new nn.Sequential({ block: new nn.Sequential(new nn.Linear(2, 2), new nn.BatchNorm1d(2)) });
    expect(model.get_submodule("")).toBe(model);
    expect(model.get_submodule("block.0")).toBe(model.get(0).get_submodule("0"));
    expect(model.get_parameter("block.0.weight").shape).toEqual([2, 2]);
    expect(model.get_buffer("block.1.running_mean").shape).toEqual([2]);
    expect(() => model.get_submodule("block.7")).toThrow(/Sequential has no attribute `7`/);
    expect(() => model.get_submodule("block.0.weight")).toThrow(/`weight` is not an nn.Module/);
    expect(() => model.get_parameter("block.1.running_mean")).toThrow(/`running_mean` is not an nn.Parameter/);
    expect(() => model.get_buffer("block.0.weight")).toThrow(/`weight` is not a buffer/);
    model.set_submodule("block.0", new nn.Identity());
    model.set_submodule("tail", new nn.ReLU());
    expect(`${model}`).toContain("(0): Identity()");
    expect(`${model}`).toContain("(tail): ReLU()");
    expect(() => model.set_submodule("more", new nn.ReLU(), { strict: true })).toThrow(/has no attribute `more`/);
    expect(() => model.set_submodule("", new nn.ReLU())).toThrow(/without a target name/);
  });
});

describe("dtypes", () => {
  test("other floats than float32 are refused, integers are no dtype of a module", () => {
    const model = new nn.Linear(2, 2);
    expect(() => model.to(torch.float64)).toThrow(UnsupportedError);
    expect(() => model.to({ dtype: torch.float16 })).toThrow(UnsupportedError);
    for (const name of ["double", "half", "bfloat16"]) expect(() => (model as Any)[name]()).toThrow(UnsupportedError);
    expect(() => model.to(torch.int64)).toThrow(DtypeError);
    expect(() => model.to(torch.int64)).toThrow(/nn.Module.to only accepts floating point or complex dtypes/);
    expect(model.float().to(torch.float32).to_empty({ device: "cpu" })).toBe(model);
    const norm = new nn.BatchNorm1d(2);
    expect(norm.float().num_batches_tracked?.dtype).toBe(torch.int64);
  });
});

test("load_state_dict with assign takes the state's own tensors", async () => {
  const model = new nn.Linear(3, 2);
  model.bias?.requires_grad_(false);
  const weight = ramp(2, 3);
  const bias = new nn.Parameter(ramp(2));
  model.load_state_dict({ weight, bias }, { assign: true });
  expect(model.bias).toBe(bias);
  expect(bias.requires_grad).toBe(false);
  expect(model.weight).toBeInstanceOf(nn.Parameter);
  expect(model.weight.requires_grad).toBe(true);
  weight.fill_(3);
  expect(await model.weight.detach().tolist()).toEqual([
    [3, 3, 3],
    [3, 3, 3],
  ]);
});
