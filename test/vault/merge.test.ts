import fc from "fast-check";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { DigestLine } from "../../lib/vault/archive/manifest.js";
import { type Merge, mergeEntries } from "../../lib/vault/merge-entries.js";

const test = suite("merge");

/** A vault as paths and contents; a folder has no content and ends with a slash. */
type Vault = Readonly<Record<string, string>>;

function lines(vault: Vault, mode = 0o600): DigestLine[] {
  return Object.entries(vault).map(([name, content]) => {
    const folder = name.endsWith("/");
    const entry = {
      path: folder ? name.slice(0, -1) : name,
      type: folder ? ("directory" as const) : ("file" as const),
      ...{ mode: folder ? 0o700 : mode, size: content.length, mtime: 0 },
    };
    return { entry, sha256: folder ? "" : `sha of ${content}` };
  });
}

const merged = (base: Vault | undefined, ours: Vault, theirs: Vault): Merge =>
  mergeEntries(base === undefined ? undefined : lines(base), lines(ours), lines(theirs));

/** The merged vault as paths and contents. */
function result({ picks }: Merge, ours: Vault, theirs: Vault): Vault {
  const found = picks.map(({ from, path, as }): [string, string] => {
    const side = from === "ours" ? ours : theirs;
    return `${path}/` in side ? [`${as}/`, ""] : [as, side[path] ?? "missing"];
  });
  assert.is(new Set(picks.map(({ as }) => as)).size, picks.length, "a path twice");
  return Object.fromEntries(found);
}

function expect(
  base: Vault | undefined,
  ours: Vault,
  theirs: Vault,
  vault: Vault,
  conflicts: object[],
): void {
  const merge = merged(base, ours, theirs);
  assert.equal(result(merge, ours, theirs), vault);
  assert.equal(merge.conflicts, conflicts);
}

test("changes of only one side are taken from that side", () => {
  const base = { a: "1", b: "1", c: "1" };
  expect(
    base,
    { a: "2", b: "1", d: "d" },
    { a: "1", b: "3", c: "1", e: "e" },
    { a: "2", b: "3", d: "d", e: "e" },
    [],
  );
});

test("the same change on both sides is not a conflict", () => {
  expect({ a: "1", b: "1" }, { a: "2", n: "n" }, { a: "2", n: "n" }, { a: "2", n: "n" }, []);
});

test("a path that both changed differently is kept from both, under unused names", () => {
  const taken = { "a.ours": "mine" };
  expect(
    { a: "1", ...taken },
    { a: "2", ...taken },
    { a: "3", ...taken },
    { "a.ours-2": "2", "a.theirs": "3", ...taken },
    [{ path: "a", kept: ["a.ours-2", "a.theirs"] }],
  );
});

test("a path that one side removed and the other changed is kept and reported", () => {
  expect({ a: "1", b: "1" }, { a: "2" }, { b: "2" }, { a: "2", b: "2" }, [
    { path: "a", kept: ["a"] },
    { path: "b", kept: ["b"] },
  ]);
});

test("without a common vault nothing counts as removed, and every difference is a conflict", () => {
  expect(
    undefined,
    { a: "1", b: "1" },
    { a: "2", c: "1" },
    { "a.ours": "1", "a.theirs": "2", b: "1", c: "1" },
    [{ path: "a", kept: ["a.ours", "a.theirs"] }],
  );
});

test("a removed folder stays while the other side added content to it", () => {
  expect(
    { "d/": "", "d/a": "1" },
    { "d/": "", "d/a": "1", "d/b": "new" },
    {},
    { "d/": "", "d/b": "new" },
    [],
  );
});

test("a file that replaced a needed folder is renamed", () => {
  const merge = merged({ "d/": "", "d/a": "1" }, { "d/": "", "d/a": "2" }, { d: "a file" });
  const found = result(merge, { "d/": "", "d/a": "2" }, { d: "a file" });
  assert.equal(found, { "d/": "", "d/a": "2", "d.theirs": "a file" });
  assert.ok(merge.conflicts.some(({ path, kept }) => path === "d" && kept.includes("d.theirs")));
});

test("a mode changed on one side only is not a conflict", () => {
  const merge = mergeEntries(lines({ a: "1" }), lines({ a: "1" }, 0o640), lines({ a: "1" }));
  assert.equal(merge.picks, [{ from: "ours", path: "a", as: "a" }]);
  const other = mergeEntries(lines({ a: "1" }), lines({ a: "1" }), lines({ a: "1" }, 0o640));
  assert.equal(other.picks, [{ from: "theirs", path: "a", as: "a" }]);
});

const names = ["a", "b", "d/a", "d/b", "d/e/f", "d", "d/e", "a.ours", "b.theirs"];

/** Valid vaults: nothing is below a file, and every folder is there. */
const vaults = fc
  .dictionary(fc.constantFrom(...names), fc.constantFrom("1", "2", "3"))
  .map((files): Vault => {
    const vault: Record<string, string> = {};
    for (const path of Object.keys(files).toSorted((x, y) => y.length - x.length)) {
      if (`${path}/` in vault) continue;
      vault[path] = files[path] ?? "";
      for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1))
        vault[`${path.slice(0, slash)}/`] = "";
    }
    return vault;
  });

const filesOf = (vault: Vault) => Object.entries(vault).filter(([path]) => !path.endsWith("/"));

test("every change is in the result or in a listed conflict, and the result is a valid vault", () => {
  fc.assert(
    fc.property(fc.option(vaults, { nil: undefined }), vaults, vaults, (base, ours, theirs) => {
      const merge = merged(base, ours, theirs);
      const found = result(merge, ours, theirs);
      for (const [mine, other] of [
        [ours, theirs],
        [theirs, ours],
      ] as const) {
        for (const [path, content] of filesOf(mine)) {
          if (base?.[path] === content && other[path] !== content) continue; // the other side's change to make
          const kept = merge.conflicts.find((conflict) => conflict.path === path)?.kept ?? [path];
          assert.ok(
            [path, ...kept].some((name) => found[name] === content),
            `${path}=${content} is gone`,
          );
        }
      }
      for (const path of Object.keys(found)) {
        for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
          if (slash === path.length - 1) continue;
          assert.not.ok(path.slice(0, slash) in found, `${path} lies under a file`);
          assert.ok(`${path.slice(0, slash)}/` in found, `${path} has no folder`);
        }
      }
    }),
    { numRuns: 3000 },
  );
});

test("with nothing changed on one side, the other side is the result", () => {
  fc.assert(
    fc.property(vaults, vaults, (base, other) => {
      for (const [ours, theirs] of [
        [base, other],
        [other, base],
      ] as const) {
        const merge = merged(base, ours, theirs);
        assert.equal(
          Object.fromEntries(filesOf(result(merge, ours, theirs))),
          Object.fromEntries(filesOf(other)),
        );
        assert.equal(merge.conflicts, []);
      }
    }),
    { numRuns: 1000 },
  );
});

test("a changed target of a link is a change, and a conflict if both changed it", () => {
  const link = (target: string) =>
    [{ entry: { path: "l", type: "link", mode: 0o777, size: 0, mtime: 0, target }, sha256: "" }] as const;
  const taken = mergeEntries(link("a"), link("a"), link("b"));
  assert.equal(taken.picks, [{ from: "theirs", path: "l", as: "l" }]);
  assert.equal(mergeEntries(link("a"), link("b"), link("c")).conflicts, [
    { path: "l", kept: ["l.ours", "l.theirs"] },
  ]);
});

test.run();
