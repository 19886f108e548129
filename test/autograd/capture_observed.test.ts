// Observed objects: what a captured function reads of them guards its plan, what it writes every replay writes again.
import * as F from "@facet/autograd";
import { afterAll, describe, expect, test } from "vitest";

await F.startDevice();
afterAll(() => F.closeDevice());

/** Traces of a function so far, beside what it gives. */
function counted(body: (x: F.Tensor) => F.Tensor) {
  let traces = 0;
  const run = F.capture((x: F.Tensor) => {
    traces += 1;
    return body(x);
  });
  return async (): Promise<[value: number, traces: number]> => {
    const x = F.fromData([1], [1]);
    const value = await run(x).item();
    return [value, traces];
  };
}

interface Box {
  value: number;
  list: number[];
  inner?: Box;
  extra?: number;
  twice?: number;
}
const box = (): Box => F.observe({ value: 2, list: [3, 4] });

describe("reads guard", () => {
  const reads: [
    string,
    (box: Box, x: F.Tensor) => F.Tensor,
    change: (box: Box) => void,
    before: number,
    after: number,
  ][] = [
    ["a value", (b, x) => F.mul(x, b.value), (b) => Object.assign(b, { value: 5 }), 2, 5],
    ["an element", (b, x) => F.mul(x, b.list[1] as number), (b) => b.list.fill(7), 4, 7],
    ["a length", (b, x) => F.mul(x, b.list.length), (b) => b.list.push(1), 2, 3],
    ["whether there is one", (b, x) => F.mul(x, "extra" in b ? 9 : 8), (b) => Object.assign(b, { extra: 0 }), 8, 9],
    ["the names of all", (b, x) => F.mul(x, Object.keys(b).length), (b) => Object.assign(b, { extra: 0 }), 2, 3],
    ["one that is not there yet", (b, x) => F.mul(x, b.extra ?? 8), (b) => Object.assign(b, { extra: 6 }), 8, 6],
    ["one that is taken away", (b, x) => F.mul(x, b.value ?? 6), (b) => Reflect.deleteProperty(b, "value"), 2, 6],
  ];
  test.each(reads)("%s", async (_, body, change, before, after) => {
    const own = box();
    const run = counted((x) => body(own, x));
    expect([await run(), await run()]).toEqual([
      [before, 1],
      [before, 1],
    ]);
    change(own);
    expect([await run(), await run()]).toEqual([
      [after, 2],
      [after, 2],
    ]);
  });

  test("a property that is computed", async () => {
    class Computed extends F.Observed {
      #hidden = 2;
      get value(): number {
        return this.#hidden;
      }
      change(): void {
        this.#hidden = 7;
      }
    }
    const own = new Computed();
    const run = counted((x) => F.mul(x, own.value));
    expect(await run()).toEqual([2, 1]);
    own.change();
    expect(await run()).toEqual([7, 2]);
  });

  test("nothing that was not read, and nothing that is as it was", async () => {
    const own = box();
    const run = counted((x) => F.mul(x, own.value));
    await run();
    Object.assign(own, { value: 2, list: [], extra: 1 });
    expect(await run()).toEqual([2, 1]);
    own.value = 3;
    own.value = 2;
    expect(await run()).toEqual([2, 1]);
  });

  test("observed lists, of observed objects", async () => {
    const list = F.observe([box(), box()]);
    const run = counted((x) =>
      F.mul(
        x,
        list.map(({ value }) => value).reduce((a, b) => a + b, 0),
      ),
    );
    expect(await run()).toEqual([4, 1]);
    (list[1] as Box).value = 5;
    expect(await run()).toEqual([7, 2]);
    list.push(box());
    expect(await run()).toEqual([9, 3]);
    list.shift();
    expect(await run()).toEqual([7, 4]);
  });

  test("values of the host that are asked for another way", async () => {
    let settings = { mode: "a", list: [1] };
    const run = counted((x) => F.mul(x, F.hostValue(() => settings).mode === "a" ? 1 : 2));
    settings = { mode: "a", list: [1] };
    expect([await run(), await run()]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    settings.mode = "b";
    expect(await run()).toEqual([2, 2]);
  });

  test("not what every run asks for anew", async () => {
    const own = box();
    const run = counted((x) =>
      F.mul(
        x,
        F.hostScalar(() => own.value),
      ),
    );
    expect(await run()).toEqual([2, 1]);
    own.value = 5;
    expect(await run()).toEqual([5, 1]);
  });
});

describe("writes", () => {
  test("are done again by every replay, in their order", async () => {
    const own = box();
    const run = counted((x) => {
      own.value = 10;
      own.extra = own.value + 1;
      return F.mul(x, own.value);
    });
    await run();
    Object.assign(own, { value: 0, extra: 0 });
    expect(await run()).toEqual([10, 1]);
    expect(own).toMatchObject({ value: 10, extra: 11 });
  });

  test("of what was read before make the next call another", async () => {
    const own = box();
    const run = counted((x) => {
      own.value += 1;
      return F.mul(x, own.value);
    });
    expect([(await run())[0], (await run())[0], (await run())[0], own.value]).toEqual([3, 4, 5, 5]);
  });

  test("to objects that the function makes are its own", async () => {
    const run = counted((x) => {
      const made = box();
      made.value += 1;
      return F.mul(x, made.value);
    });
    expect([await run(), await run()]).toEqual([
      [3, 1],
      [3, 1],
    ]);
  });
});

describe("tensors from outside", () => {
  test("are followed to where they lie", async () => {
    const x = F.fromData([2], [1]);
    const run = counted((y) => F.mul(y, x));
    expect(await run()).toEqual([2, 1]);
    const other = F.fromData([5], [1]);
    // Another handle holds the old memory.
    const held = x.alias();
    x.relocate(other.storage, 0);
    expect(await run()).toEqual([5, 2]);
    held.dispose();
  });

  test("are traced anew when a gradient begins or ends to flow", async () => {
    const x = F.fromData([2], [1]);
    const run = counted((y) => {
      const product = F.mul(y, x);
      return x.node ? (F.gradients(product, [x])[0] as F.Tensor) : product;
    });
    expect(await run()).toEqual([2, 1]);
    F.variable(x);
    expect(await run()).toEqual([1, 2]);
    x.node = undefined;
    // The first plan is still there.
    expect(await run()).toEqual([2, 2]);
  });
});
