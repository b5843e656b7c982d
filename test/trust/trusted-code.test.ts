import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkCommand, pathsIn, searchPath, sha256 } from "../../lib/trust/trusted-code.js";
import { failure, value } from "../rig/result.js";
import { placeWith } from "./place.js";

test("words of a command that may be files of the project: no program without a slash, and no path outside", () => {
  assert.equal(pathsIn("/p", ["uname", "-a", "..x", "../y", "--f=./z", "/p/q", "/etc/passwd", ""]), [
    "/p/-a",
    "/p/..x",
    "/p/--f=./z",
    "/p/z",
    "/p/q",
  ]);
  assert.equal(pathsIn("/p", ["./tool"]), ["/p/tool"]);
});

test("a file that a command runs or receives is refused if it changed, or is new and not plain data", async () => {
  const { folder, path, write } = await placeWith({ "a.sh": "a", "b.sh": "b" });
  const code = {
    root: folder,
    programs: new Map([[path("a.sh"), await sha256("a")]]),
  };
  const check = (argv: readonly string[], typed: readonly number[] = []): ReturnType<typeof checkCommand> =>
    checkCommand(code, { argv, typed: new Set(typed) });
  value(await check(["sh", "./a.sh", "."]));
  const why = async (...argv: string[]): Promise<string> => failure(await check(argv), "untrusted-file").why;
  assert.is(await why("sh", "b.sh"), "new");
  assert.is(await why("./b.sh"), "new");
  await write("data", "x");
  await write("tool", "x", 0o755);
  await write("wg.conf", "x");
  await write("lines", "#!/bin/sh\n");
  value(await check(["rm", "data", "none"]));
  // the user has named it on the command line
  value(await check(["sh", "b.sh"], [1]));
  for (const argv of [["python3.11", "data"], ["env", "data"], ["./data"], ["nice-tool", "tool"]])
    assert.is(await why(...argv), "new");
  for (const name of ["wg.conf", "lines"]) assert.is(await why("wg-quick", name), "new");
  await write("a.sh", "changed");
  assert.is(await why("sh", join(folder, "a.sh")), "changed");
});

test("PATH keeps the host's folders, but not the project's, relative ones, or node_modules/.bin in and above it", () => {
  const given =
    "/home/me/p/sub/node_modules/.bin:/home/me/p/node_modules/.bin:/home/me/node_modules/.bin:/home/me/.npm/_npx/1/node_modules/.bin:/home/me/p/sub/bin:.:bin::/home/me/bin:/usr/bin";
  assert.is(
    searchPath(given, "/home/me/p/sub", "/home/me"),
    "/home/me/.npm/_npx/1/node_modules/.bin:/home/me/bin:/usr/bin",
  );
  assert.is(searchPath("/home/me/bin:/usr/bin", "/home/me", "/home/me"), "/home/me/bin:/usr/bin");
  assert.is(searchPath("/home/me/bin:/usr/bin", "/", "/home/me"), "/home/me/bin:/usr/bin");
});

test.run();
