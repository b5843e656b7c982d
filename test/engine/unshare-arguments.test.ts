import { execFileSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  enterArguments,
  onTerminal,
  unshareArguments,
} from "../../lib/engine/namespace/unshare-arguments.js";

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const other = { uid: self.uid + 1, gid: 7 };

test("a namespace has its own mounts, processes, IPC and host name, and with `network: none` its own network", () => {
  for (const argv of [unshareArguments(self, "none"), enterArguments(1, self, "none", ["true"])])
    for (const flag of ["--mount", "--pid", "--ipc", "--uts", "--net"]) assert.ok(argv.includes(flag), flag);
  for (const argv of [unshareArguments(self, "bridge"), enterArguments(1, self, "bridge", ["true"])])
    assert.not.ok(argv.includes("--net"));
});

test("a program starts without new privileges, and after everything else", () => {
  const argv = enterArguments(1, self, "bridge", ["some", "program"]);
  assert.equal(argv.slice(-4), ["setpriv", "--no-new-privs", "some", "program"]);
});

test("root gives up its ids, groups and capabilities before it enters for another user", () => {
  const given = ["setpriv", `--reuid=${other.uid}`, "--regid=7", "--clear-groups", "--inh-caps=-all"];
  assert.equal(unshareArguments(other, "bridge").slice(0, 5), given);
  assert.equal(enterArguments(1, other, "bridge", ["true"]).slice(0, 5), given);
  assert.is(unshareArguments(self, "bridge")[0], "unshare");
});

test("no word of a command or variable is interpreted by the shell that `script` starts", () => {
  const words = ["a b", "it's", "$(id)", "`id`", '"', "\\", "new\nline", "*"];
  const argv = onTerminal(["printf", "%s|", ...words], { NAME: "'; echo no; '" });
  const line = argv[argv.indexOf("-c") + 1] ?? "";
  assert.is(execFileSync("sh", ["-c", line], { encoding: "utf8" }), words.map((word) => `${word}|`).join(""));
});

test.run();
