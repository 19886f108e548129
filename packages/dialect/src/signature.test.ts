import { ArgumentError, UnsupportedError } from "@facet/autograd";
import { describe, expect, test } from "vitest";
import {
  bool,
  define,
  int,
  mapping,
  namespace,
  number,
  oneOf,
  only,
  overloads,
  required,
  show,
  signature,
  signatures,
} from "./index.js";

class Thing {}

const read = signature("test.conv", {
  input: required,
  stride: int.or(1),
  padding_mode: oneOf("zeros", "reflect").or("zeros"),
  "*": null,
  bias: true,
  out: only(null),
});

describe("signature", () => {
  test("takes positions, then names in either spelling, and fills in defaults", () => {
    const thing = new Thing();
    const defaults = { input: thing, stride: 1, padding_mode: "zeros", bias: true, out: null };
    expect(read([thing])).toEqual(defaults);
    expect(read([thing, 2])).toEqual({ ...defaults, stride: 2 });
    expect(read([thing, { padding_mode: "reflect", bias: false }])).toEqual({
      ...defaults,
      padding_mode: "reflect",
      bias: false,
    });
    expect(read([thing, { paddingMode: "reflect" }])).toEqual({ ...defaults, padding_mode: "reflect" });
    expect(read([{ input: thing }])).toEqual(defaults);
    expect(read([thing, undefined, { stride: undefined }])).toEqual(defaults);
  });

  test.each([
    [[], "conv: input: expected a value, got none"],
    [[1, 2, "zeros", true], "conv: arguments: expected at most 3 by position (input, stride, padding_mode), got 4"],
    [[1, { strid: 2 }], "a name it does not have: did you mean stride?"],
    [[1, { bogus: 2 }], "one of its arguments (input, stride, padding_mode, bias, out), got a name it does not have"],
    [[1, { valueOf: 1 }], "valueOf"],
    [[1, { [Symbol("s")]: 1 }], "Symbol(s)"],
    [[1, 2, { stride: 3 }], "conv: stride: expected one value, got two"],
    [[1, { padding_mode: "zeros", paddingMode: "zeros" }], "conv: padding_mode: expected one value, got two"],
    [[1, 1.5], "conv: stride: expected an integer, got 1.5"],
    [[1, null], "conv: stride: expected an integer, got null"],
    [[1, 2, "rings"], 'conv: padding_mode: expected "zeros" or "reflect", got "rings"'],
    [[1, { bias: 1 }], "conv: bias: expected true or false, got 1"],
  ])("refuses %j", (args, sentence) => {
    expect(() => read(args)).toThrow(ArgumentError);
    expect(() => read(args)).toThrow(sentence);
  });

  test("an argument that is there in name only takes its default and nothing else", () => {
    expect(read([1, { out: null }]).out).toBeNull();
    expect(() => read([1, { out: new Thing() }])).toThrow(UnsupportedError);
    const pair = signature("test.pair", { betas: only([0.9, 0.999]), nothing: only(false, null) });
    expect(pair([{ betas: [0.9, 0.999], nothing: null }])).toEqual({ betas: [0.9, 0.999], nothing: false });
    expect(() => pair([{ betas: [0.9, 0.9] }])).toThrow(UnsupportedError);
  });

  test("positional-only names are no keywords", () => {
    const add = signature("test.add", { x: number, y: number, "/": null });
    expect(add([1, 2])).toEqual({ x: 1, y: 2 });
    expect(() => add([1, { y: 2 }])).toThrow(ArgumentError);
  });

  test("collects further positions and further keywords where the signature says so", () => {
    const zeros = signature("test.zeros", { "*size": int, dtype: null });
    expect(zeros([2, 3, { dtype: "x" }])).toEqual({ size: [2, 3], dtype: "x" });
    expect(zeros([])).toEqual({ size: [], dtype: null });
    expect(() => zeros([2, "3"])).toThrow("expected an integer");
    const call = signature("test.call", { f: required, "**options": null });
    expect(call([1, { rng: 2, training: true }])).toEqual({ f: 1, options: { rng: 2, training: true } });
  });

  test("an object where objects are values is a value; at an optional place, names of parameters make it keywords", () => {
    const update = signature("test.update", { updates: mapping(), state: mapping(), params: mapping().or(null) });
    expect(update([{ w: 1 }, {}])).toEqual({ updates: { w: 1 }, state: {}, params: null });
    expect(update([{ w: 1 }, {}, { w: 2 }])).toEqual({ updates: { w: 1 }, state: {}, params: { w: 2 } });
    expect(update([{ w: 1 }, {}, { params: { w: 2 } }]).params).toEqual({ w: 2 });
    const map = signature("test.map", { tree: mapping(), "*rest": mapping(), is_leaf: null });
    expect(map([{ a: 1 }, { a: 2 }, { is_leaf: 3 }])).toEqual({ tree: { a: 1 }, rest: [{ a: 2 }], is_leaf: 3 });
    expect(update([{ updates: { w: 1 }, state: {} }])).toEqual({ updates: { w: 1 }, state: {}, params: null });
    expect(map([{ is_leaf: 1 }])).toEqual({ tree: { is_leaf: 1 }, rest: [], is_leaf: null });
  });

  test("an object that the kind does not take holds keywords", () => {
    const step = signature("test.step", { state: mapping().where("a state", (value) => "count" in value) });
    expect(step([{ count: 1 }])).toEqual({ state: { count: 1 } });
    expect(step([{ state: { count: 1 } }])).toEqual({ state: { count: 1 } });
    expect(() => step([{ counts: 1 }])).toThrow(ArgumentError);
  });

  test("other keywords of the original", () => {
    const sum = signature("test.sum", { input: required, dim: int.or(null) }, { aliases: { axis: "dim" } });
    expect(sum([1, { axis: 2 }])).toEqual({ input: 1, dim: 2 });
    expect(() => sum([1, { axis: 2, dim: 2 }])).toThrow("expected one value");
  });

  test("is entered under its public name", () => {
    expect(signatures.get("test.conv")?.[0]?.parameters.map(({ name, how }) => [name, how])).toEqual([
      ["input", "either"],
      ["stride", "either"],
      ["padding_mode", "either"],
      ["bias", "keyword"],
      ["out", "keyword"],
    ]);
    expect(signatures.get("test.conv")?.[0]?.read([1])).toEqual(read([1]));
  });
});

test("define hands values to the body by name", () => {
  const half = define("test.half", { x: number, round: bool.or(false) }, ({ x, round }) =>
    round ? Math.round(x / 2) : x / 2,
  );
  expect(half(3)).toBe(1.5);
  expect(half(3, { round: true })).toBe(2);
});

test("overloads take the first form that fits, or complain in the words of the one that came nearest", () => {
  const arange = overloads(
    "test.arange",
    { end: number, dtype: null },
    { start: number, end: number, step: number.or(1), dtype: null },
  );
  expect(arange([3])).toEqual({ form: "0", values: { end: 3, dtype: null } });
  expect(arange([1, 3, { step: 2 }])).toEqual({ form: "1", values: { start: 1, end: 3, step: 2, dtype: null } });
  expect(() => arange([1, 3, "x"])).toThrow("step: expected a number");
});

describe("namespace", () => {
  const optim = namespace("torch.optim", { Adam: Thing, SGD: Thing });
  test("gives what it has and names what it has not", () => {
    expect(optim.Adam).toBe(Thing);
    expect("Foo" in optim).toBe(false);
    expect(() => (optim as Record<string, unknown>).AdamX).toThrow(UnsupportedError);
    expect(() => (optim as Record<string, unknown>).AdamX).toThrow(/COMPAT\.md of shims-torch.*nearest is Adam/);
  });
  test("of another package names the dialect that has it", () => {
    const transforms = namespace("torchvision.transforms", { Thing }, "torch") as Record<string, unknown>;
    expect(() => transforms.Resize).toThrow(/torchvision\.transforms has here \(COMPAT\.md of shims-torch/);
  });
  test("answers what JavaScript itself asks", async () => {
    expect(await optim).toBe(optim);
    expect(`${Object.keys(optim)}`).toBe("Adam,SGD");
    expect(() => JSON.stringify(optim)).not.toThrow();
  });
});

test("show is short and never throws", () => {
  const loop: unknown[] = [];
  loop.push(loop);
  const bare = Object.create(null) as object;
  const given = [
    undefined,
    null,
    -0,
    1n,
    "a",
    [1, NaN],
    { a: 1n },
    loop,
    bare,
    new Thing(),
    Thing,
    () => 1,
    Symbol("s"),
    new Float32Array(3),
  ];
  expect(given.map(show)).toEqual([
    "undefined",
    "null",
    "-0",
    "1n",
    '"a"',
    '[1,"NaN"]',
    '{"a":"1n"}',
    "a list that holds itself",
    "{}",
    "a Thing",
    "class Thing",
    "a function",
    "Symbol(s)",
    "Float32Array of 3",
  ]);
});
