import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Change, decide, type Decision } from "../../lib/workspace/decide.js";
import {
  parentFolders,
  type Entry,
  isSame,
  isWithin,
  type Listing,
  type Tree,
} from "../../lib/workspace/entry.js";

const file = (content: string, mode = 0o644): Entry => ({ type: "file", mode, content });
const folder: Entry = { type: "directory", mode: 0o755, content: "" };

function listing(
  entries: Readonly<Record<string, Entry>>,
  left: Readonly<Record<string, string>> = {},
): Listing {
  return { entries: new Map(Object.entries(entries)), skipped: new Map(Object.entries(left)) };
}

const told = (changes: readonly Change[]): Record<string, string | undefined> =>
  Object.fromEntries(changes.map(({ path, to }) => [path, to?.content]));

/** Decides with the last common state and both sides. */
function decided(
  before: Readonly<Record<string, Entry>> | undefined,
  host: Listing | Readonly<Record<string, Entry>>,
  inside: Listing | Readonly<Record<string, Entry>>,
): Decision {
  const side = (given: Listing | Readonly<Record<string, Entry>>): Listing =>
    given.entries instanceof Map ? (given as Listing) : listing(given as Readonly<Record<string, Entry>>);
  return decide(before && new Map(Object.entries(before)), side(host), side(inside));
}

test("changes, additions and removals of one side reach the other", () => {
  const before = { a: file("1"), b: file("1"), c: file("1"), d: file("1") };
  const { toHost, toContainer, conflicts } = decided(
    before,
    { a: file("2"), b: file("1"), d: file("1"), e: file("5") },
    { a: file("1"), b: file("3"), c: file("1"), f: file("6") },
  );
  assert.equal(told(toHost), { b: "3", d: undefined, f: "6" });
  assert.equal(told(toContainer), { a: "2", c: undefined, e: "5" });
  assert.equal(conflicts, []);
});

test("a file that both changed keeps the host's content, and the container's gets another name on both sides", () => {
  const { toHost, toContainer, conflicts } = decided({ a: file("1") }, { a: file("2") }, { a: file("3") });
  assert.equal(conflicts, [{ path: "a", keptAs: "a.theirs" }]);
  assert.equal(told(toHost), { "a.theirs": "3" });
  assert.is(toHost[0]?.sourcePath, "a");
  assert.equal(told(toContainer), { a: "2", "a.theirs": "3" });
});

test("an existing file with the conflict's name is left alone, or reused if it has the same content", () => {
  const taken = decided({ a: file("1") }, { a: file("2"), "a.theirs": file("x") }, { a: file("3") });
  assert.is(taken.conflicts[0]?.keptAs, "a.theirs-2");
  const again = decided({ a: file("1") }, { a: file("2"), "a.theirs": file("3") }, { a: file("3") });
  assert.is(again.conflicts[0]?.keptAs, "a.theirs");
  assert.equal(told(again.toHost), {});
});

test("the same change on both sides needs no sync", () => {
  const { toHost, toContainer } = decided({ a: file("1"), b: file("1") }, { a: file("2") }, { a: file("2") });
  assert.equal([toHost, toContainer], [[], []]);
});

test("without a common state nothing is removed, and every difference is a conflict", () => {
  const { toHost, toContainer, conflicts } = decided(
    undefined,
    { a: file("1"), b: file("2") },
    { b: file("3"), c: file("4") },
  );
  assert.equal(told(toHost), { "b.theirs": "3", c: "4" });
  assert.equal(told(toContainer), { a: "1", b: "2", "b.theirs": "3" });
  assert.is(conflicts.length, 1);
});

test("a path that one side removed and the other changed stays, with its folders", () => {
  const before = { d: folder, "d/a": file("1"), "d/b": file("1") };
  const { toHost, toContainer, stays } = decided(
    before,
    {},
    { d: folder, "d/a": file("2"), "d/b": file("1") },
  );
  assert.equal(stays, ["d/a"]);
  assert.equal(told(toHost), { d: "", "d/a": "2" });
  assert.equal(told(toContainer), { "d/b": undefined });
});

test("a removed folder stays where the other side added content", () => {
  const { toHost, toContainer } = decided({ d: folder }, { d: folder, "d/new": file("n") }, {});
  assert.equal(told(toHost), {});
  assert.equal(told(toContainer), { d: "", "d/new": "n" });
});

test("a file that replaced a folder is synced unless the other side changed the folder", () => {
  const before = { d: folder, "d/a": file("1") };
  const alone = decided(before, { d: folder, "d/a": file("1") }, { d: file("f") });
  assert.equal(told(alone.toHost), { d: "f", "d/a": undefined });
  const worked = decided(before, { d: folder, "d/a": file("2") }, { d: file("f") });
  assert.equal([worked.toHost, worked.toContainer, [...worked.stuck.keys()]], [[], [], ["d"]]);
});

test("skipped paths, and everything below, do not count as removed", () => {
  const before = { s: folder, "s/a": file("1") };
  const { toHost, toContainer } = decided(
    before,
    { s: folder, "s/a": file("1") },
    listing({}, { s: "unreadable" }),
  );
  assert.equal([toHost, toContainer], [[], []]);
});

test("a mode changed on one side is synced; when both changed it, the host's wins", () => {
  const one = decided({ a: file("1") }, { a: file("1") }, { a: file("1", 0o755) });
  assert.is(one.toHost[0]?.to?.mode, 0o755);
  const both = decided({ a: file("1") }, { a: file("1", 0o600) }, { a: file("1", 0o755) });
  assert.is(both.toContainer[0]?.to?.mode, 0o600);
  assert.equal(both.conflicts, []);
});

test("a conflict of a name of maximum length is kept under a shorter one", () => {
  const name = `d/${"é".repeat(127)}`;
  const { conflicts } = decided(
    undefined,
    { d: folder, [name]: file("1") },
    { d: folder, [name]: file("2") },
  );
  assert.ok(Buffer.byteLength(conflicts[0]?.keptAs.slice(2) ?? "") <= 255);
});

const content = fc.constantFrom("1", "2", "3", "4");
const entry: fc.Arbitrary<Entry> = fc.oneof(
  { weight: 4, arbitrary: content.map((text) => file(text)) },
  { weight: 1, arbitrary: content.map((text): Entry => ({ type: "link", mode: 0o777, content: text })) },
  { weight: 3, arbitrary: fc.constant(folder) },
);
const path = fc
  .array(fc.constantFrom("a", "b", "a.theirs"), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join("/"));
/** A valid tree: every path is in a folder. */
const tree: fc.Arbitrary<Tree> = fc.dictionary(path, entry, { maxKeys: 8 }).map((found) => {
  const whole = new Map<string, Entry>(Object.entries(found));
  for (const name of [...whole.keys()]) for (const top of parentFolders(name)) whole.set(top, folder);
  return whole;
});

test("for any two sides, no work is lost, the result is a valid tree, and a second sync changes nothing", () => {
  fc.assert(
    fc.property(fc.option(tree, { nil: undefined }), tree, tree, (base, here, there) => {
      const [host, inside] = [
        { entries: here, skipped: new Map() },
        { entries: there, skipped: new Map() },
      ];
      const { merged, toHost, toContainer, stuck } = decide(base, host, inside);
      const after = (side: Tree, changes: readonly Change[]): Tree => {
        const result = new Map(side);
        for (const { path: name, to } of changes) if (to === undefined) result.delete(name);
        for (const { path: name, to } of changes) if (to !== undefined) result.set(name, to);
        return result;
      };
      const [newHost, newInside] = [after(here, toHost), after(there, toContainer)];
      for (const [side, result] of [
        [here, newHost],
        [there, newInside],
      ] as const)
        for (const [name, one] of side) {
          if (one.type === "directory" || isSame(one, base?.get(name))) continue;
          const all = isWithin(name, stuck) ? [result] : [newHost, newInside];
          for (const place of all)
            assert.ok(
              [...place.values()].some((kept) => kept.type === one.type && kept.content === one.content),
            );
        }
      for (const result of [newHost, newInside])
        for (const name of result.keys())
          for (const top of parentFolders(name))
            assert.is(result.get(top)?.type, "directory", `${top} of ${name}`);
      if (base === undefined) assert.not.ok([...toHost, ...toContainer].some(({ to }) => to === undefined));
      const settled = decide(
        merged,
        { entries: newHost, skipped: new Map(stuck) },
        { entries: newInside, skipped: new Map(stuck) },
      );
      assert.equal([settled.toHost, settled.toContainer, settled.conflicts], [[], [], []]);
    }),
    { numRuns: 3000 },
  );
});

test.run();
