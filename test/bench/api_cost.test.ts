// What an API costs: counts of made-up programs to the number, and evidence for every concept in the programs of the articles.
import { articlePrograms } from "@facet/examples/articles";
import { beforeAll, describe, expect, test } from "vitest";
import { concepts } from "../../benchmarks/src/api_cost/concepts.js";
import { type Mistake, mistaken, mistakes } from "../../benchmarks/src/api_cost/mistakes.js";
import { allMutants, judgeMistakes, planted, type Verdict } from "../../benchmarks/src/api_cost/mutants.js";
import { apiCostTables, noticed } from "../../benchmarks/src/api_cost/tables.js";
import { countText, measureTexts, pythonLines } from "../../benchmarks/src/api_cost/text.js";
import { mistakeSentence } from "../../benchmarks/src/page/mistake_chart.js";

describe("tokens and lines", () => {
  test.each([
    ["const a = 1;", 1, 5],
    ["// only a comment\n\nconst a = 1; // and one beside\n/* a\n   longer one */", 1, 5],
    ["/** A docstring. */\nfunction f() {}", 1, 6],
    // The parts of a template are tokens, as is what is between them.
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a program with a template in it
    ["const s = `a ${1} b ${2} c`;", 1, 9],
    ["const s = `first\n\nthird`;", 3, 5],
    ["const r = /a[/]b/g;", 1, 5],
    ["let m: Map<string, Map<string, number>>;", 1, 15],
    ["const x = 1 >> 2;", 1, 7],
    ["", 0, 0],
  ])("%j", (text, lines, tokens) => {
    expect(countText(text)).toMatchObject({ lines, tokens, names: [], options: [], calls: 0 });
  });

  test("of a program that does not parse are refused", () => {
    expect(() => countText("const = 1;", "wrong.ts")).toThrow("wrong.ts: ");
  });

  test("of Python leave out comments and docstrings, and nothing else", () => {
    const text =
      '# comment\nimport x\n\ndef f():\n    """One\n    docstring."""\n    s = """kept"""\n    return s  # kept\n';
    expect(pythonLines(text)).toBe(4);
  });
});

describe("names of an API", () => {
  const torch = 'import * as torch from "@facet/shims-torch";\n';

  test("are written out, however a program abbreviates them", () => {
    const { names, calls } = countText(`
      import * as pt from "@facet/shims-torch";
      import { Adam as A } from "@facet/autograd";
      const { nn, optim: { SGD: Descent } } = pt;
      const F = nn.functional;
      const { DataLoader } = pt.utils.data;
      F.relu(pt.zeros(1));
      new nn.Linear(1, 2);
      new Descent([]);
      new DataLoader([]);
      new A([]);
    `);
    const written = ["zeros", "nn.Linear", "nn.functional.relu", "optim.SGD", "utils.data.DataLoader"];
    expect(names).toEqual(["facet.Adam", ...written.map((name) => `torch.${name}`)].sort());
    expect(calls).toBe(6);
  });

  test("are those of the scope they are in", () => {
    const { names, calls } = countText(`${torch}
      { const torch = { zeros: (n: number) => [n] }; torch.zeros(1).at(0); }
      function f(torch: string) { return torch.trim(); }
      const trained = { fit() {}, torch: 1 };
      trained.fit();
      f(\`\${torch.ones(2)}\`);
    `);
    expect(names).toEqual(["torch.ones"]);
    expect(calls).toBe(1);
  });

  test("include members of what the API gave, wherever it was passed on", () => {
    const { names } = countText(`${torch}
      import { scope } from "@facet/autograd";
      type Tensor = InstanceType<typeof torch.Tensor>;
      class Net extends torch.nn.Module {
        out = new torch.nn.Linear(1, 2);
        forward(x: Tensor) { return this.out(x.flatten(1)); }
      }
      const net = new Net();
      const made = (n: number) => torch.zeros(n);
      made(3).view(1);
      const all = [...net.parameters()];
      all.map((p) => p.numel());
      [1, 2].map((n) => torch.ones(n)).forEach((t) => t.sum());
      const [value] = scope(() => net(made(1)));
      const { shape } = value;
      const sizes = shape.length;
      async function later(x: Tensor) { return (await x.item()) as number; }
      const plain = [1, 2].map((n) => n + 1).length;
    `);
    const members = ["flatten", "item", "length", "numel", "parameters", "shape", "sum", "view"];
    expect(names.filter((name) => name.startsWith("."))).toEqual(members.map((name) => `.${name}`));
  });

  test("are no keywords: these are counted apart, also of constants and of what is spread", () => {
    const { names, options } = countText(`
      import * as facet from "@facet/autograd";
      const attrs = { stride: [1, 1], ...more } as const;
      const more = { groups: 1 };
      const unused = { never: 1 };
      facet.conv2d(x, w, b, { ...attrs, nested: { deep: 1 } });
      Math.max({ other: 1 });
    `);
    expect(names).toEqual(["facet.conv2d"]);
    expect(options).toEqual(["deep", "groups", "nested", "stride"]);
  });
});

test("what a program has only to be run by an experiment is not counted", () => {
  const own = `
    import * as keras from "@facet/shims-keras";
    const model = keras.Sequential([]);
    await model.fit(x, y, { verbose: 0 });
    trainStep(1 + 2)
    return { accuracy: 1 };`;
  const wrapped = `
    import * as keras from "@facet/shims-keras";
    import { alone } from "../alone.js";
    import type { Program } from "../run.js";

    export const program: Program = async (run) => {
      const model = keras.Sequential([]);
      run.phase("train");
      await model.fit(x, y, {
        verbose: 0, callbacks: [progress(run)],
      });
      await run.step(trainStep(1 + 2));
      await run.step(loss);
      await run.epoch();
      return { accuracy: 1 };
    };
    import { progress } from "../keras_callback.js";

    await alone(import.meta, program);`;
  const [plain, counted] = [countText(own), countText(wrapped)];
  // fit's options are on three lines here, and a comma stands after them.
  expect(counted).toEqual({ ...plain, lines: plain.lines + 2, tokens: plain.tokens + 1 });
});

describe("the programs of the articles", () => {
  const texts = measureTexts();

  test("are all counted, and use an API", () => {
    expect(texts.map(({ program }) => program)).toEqual(Object.keys(articlePrograms));
    for (const { names, calls, lines, tokens, pythonLines } of texts) {
      expect(names.length).toBeGreaterThan(10);
      expect(calls).toBeGreaterThan(names.length / 2);
      expect(tokens).toBeGreaterThan(5 * lines);
      expect(pythonLines).toBeGreaterThan(15);
    }
  });

  test.each(concepts.map(({ name }) => name))("one asks its reader for %s, and not all do", (name) => {
    const asking = texts.filter((text) => text.concepts.includes(name));
    expect(asking.length).toBeGreaterThan(0);
    expect(asking.length).toBeLessThan(texts.length);
  });

  test("stand in the tables", () => {
    const [writing, known] = apiCostTables({ texts });
    expect(writing?.rows).toHaveLength(texts.length);
    expect(known?.head).toContain("Keras, a list of layers");
  });
});

describe("planted mistakes", () => {
  const make = (find: string): Mistake => ({
    id: "made-up",
    title: "made up",
    plant: { keras: { because: "it is not" }, torch: [{ find, put: "$&" }], tape: [], jax: [] },
  });

  test("find their place, or are refused", () => {
    expect(planted(make("ab"), "torch", "cabd")).toBe("c$&d");
    expect(planted(make("ab"), "keras_functional", "cabd")).toBeUndefined();
    expect(() => planted(make("ab"), "torch", "abab")).toThrow(
      /made-up in torch: expected "ab" once, found it 2 times/,
    );
    expect(() => planted(make("ab"), "torch", "ba")).toThrow(/found it 0 times/);
  });

  test("can each be made in some program, and change it", () => {
    const mutants = allMutants();
    const original = (program: string): string | undefined =>
      mutants.find((mutant) => mutant.program === program && mutant.mistake === "none")?.text;
    for (const { id } of mistakes) expect(mutants.some(({ mistake }) => mistake === id)).toBe(true);
    for (const { mistake, program, text } of mutants) expect(text === original(program)).toBe(mistake === "none");
  });

  test("are summed up in a sentence", () => {
    const about = { mistake: "option", program: "torch", message: "m" } as const;
    const verdicts: Verdict[] = [
      { ...about, by: "compiler" },
      { ...about, by: "run", typed: true },
      { ...about, by: "run", typed: false },
      { ...about, by: "nobody", sameResult: false },
      { ...about, by: "nobody", sameResult: true },
      { ...about, by: "impossible" },
    ];
    expect(mistakeSentence(verdicts)).toMatch(
      /^Of 5 mistakes .* compiler notices 1 .* runs, 2, 1 of them .*; 1 change/,
    );
    expect(mistakeSentence(verdicts.slice(0, 2))).toContain("runs, 1, all of them");
  });

  describe("are judged", () => {
    let verdicts: Verdict[];
    beforeAll(async () => {
      // Programs without a mistake must compile and run, or this throws.
      verdicts = await judgeMistakes();
    }, 300_000);
    const of = (mistake: string): string[] =>
      mistaken.map((program) =>
        noticed(verdicts.find((v) => v.mistake === mistake && v.program === program) as Verdict),
      );

    test("all of them, in every program, with a word on why", () => {
      expect(verdicts).toHaveLength(mistakes.length * mistaken.length);
      for (const { message } of verdicts) expect(message).not.toBe("");
      expect(apiCostTables({ texts: measureTexts(), verdicts }).at(-1)?.rows).toHaveLength(mistakes.length + 3);
    });

    test.each([
      "option",
      "option-in-constant",
      "other-framework",
      "method",
      "choice",
      "type",
      "few",
      "many",
      "percent",
    ])("%s goes nowhere unnoticed", (mistake) => {
      for (const by of of(mistake)) expect(["compiler", "run", "-"]).toContain(by);
    });

    test.each(["option", "method", "choice", "type", "many"])("the compiler notices %s in every dialect", (mistake) => {
      expect(new Set(of(mistake))).toEqual(new Set(["compiler"]));
    });

    test("what the library notices it says in errors of its own", () => {
      const run = verdicts.filter(({ by }) => by === "run");
      expect(run.length).toBeGreaterThan(20);
      expect(run.filter(({ typed }) => !typed)).toEqual([]);
    });

    test("labels of a wrong dtype are no labels by accident", () => {
      const tape = verdicts.find(({ mistake, program }) => mistake === "dtype" && program === "tape");
      expect(tape).toMatchObject({
        by: "run",
        message: expect.stringMatching(/^DtypeError: .*labels: expected int32/),
      });
    });

    test("softmax twice is noticed by nobody, and changes the losses", () => {
      expect(new Set(of("softmax"))).toEqual(new Set(["nobody"]));
    });

    test("modules are in training mode before train() is called", () => {
      expect(of("train")[mistaken.indexOf("torch")]).toBe("no effect");
    });
  });
});
