import { test } from "uvu";
import * as assert from "uvu/assert";
import { grown } from "../../bench/rig/measure.js";
import { svgOf } from "../../bench/rig/plot.js";
import { compareResults, type Results, storedRow } from "../../bench/rig/results.js";
import { isKept, type Row, type Target } from "../../bench/rig/rows.js";
import { type Ended, run } from "../rig/host.js";
import { repository } from "../rig/root.js";

const row = (ms: number, target: Target = {}): Row => ({
  ...{ what: "start", than: "node -e 0", target },
  ...{ ours: { ms, bytes: 2 ** 26 }, base: { ms: 100 } },
});

test("a target is kept only if each of its bounds is", () => {
  assert.ok(isKept(row(150)));
  assert.ok(isKept(row(150, { ratio: 1.5, moreMs: 50, ms: 150, bytes: 2 ** 26 })));
  for (const target of [{ ratio: 1.4 }, { moreMs: 49 }, { ms: 149 }, { bytes: 2 ** 26 - 1 }])
    assert.not.ok(isKept(row(150, { ratio: 2, ...target })), JSON.stringify(target));
});

test("two runs are shown next to each other, with what only one of them has", () => {
  const results = (commit: string, rows: readonly Row[]): Results => ({
    ...{
      commit,
      date: "2026-01-01",
      node: "v20.20.2",
      cpu: "a",
      cores: 2,
      memory: 0,
      skipped: [],
      failed: [],
    },
    rows: rows.map((one) => storedRow("start", one)),
  });
  const other = { ...row(70), what: "other" };
  const text = compareResults(results("one", [row(150)]), results("two", [row(300, { ratio: 2 }), other]));
  assert.match(text, /^A: one .*\nB: two /);
  assert.match(text, /^start +node -e 0 +150 ms +300 ms +1\.50 x +3\.00 x MISSED +64 MiB +64 MiB +2\.00 x$/m);
  assert.match(text, /^other +node -e 0 +70 ms +0\.70 x +64 MiB$/m);
});

test("a file that is no run, too few files and unknown parts are refused with a sentence", async () => {
  const bench = (...args: string[]): Promise<Ended> =>
    run(process.execPath, ["dist/bench/bench.js", ...args], { cwd: repository });
  for (const [args, words] of [
    [
      ["compare", "package.json", "package.json"],
      "bench: package.json is no run that `npm run bench` wrote\n",
    ],
    [["compare", "a.json"], "bench: compare takes two files\n"],
    [["plots"], "bench: plots takes the files of one or more runs\n"],
    [["compare", "README.md", "b"], "bench: README.md is no run that `npm run bench` wrote\n"],
  ] as const)
    assert.equal(await bench(...args), { code: 2, stdout: "", stderr: words });
  assert.match(
    (await bench("start", "strat")).stderr,
    /^bench: no part strat; the parts are start, standalone, /,
  );
  assert.match((await bench("plots", "absent.json")).stderr, /^bench: ENOENT: .*'absent.json'\n$/);
});

test("linear growth counts what nearly nothing costs once", () => {
  assert.equal(grown({ ms: 10 }, { ms: 30 }, 4), { ms: 90 });
});

test("the points of a plot are inside its axes, and its words are escaped", () => {
  const points = [
    { x: 0, y: 0 },
    { x: 230, y: 4.9 },
  ];
  const axes = { title: "a < b", xTitle: "x", yTitle: "y" };
  const svg = svgOf({
    ...axes,
    lines: [
      { name: "tazpod", points },
      { name: "tar", points },
    ],
  });
  assert.match(svg, 'points="64,284 483.5,48.8"');
  assert.match(svg, "a &lt; b");
});

test.run();
