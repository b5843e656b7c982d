// needs: man
import { test } from "uvu";
import * as assert from "uvu/assert";
import { commands } from "../../lib/cli/commands.js";
import { flags } from "../../lib/run/flags.js";
import { manPage } from "../../scripts/man-page.js";
import { run, text } from "../rig/host.js";
import { repository } from "../rig/root.js";

const page = `${repository}man/tazpod.1`;
const { version } = JSON.parse(await text(`${repository}package.json`)) as { readonly version: string };

test("the manual page is what the command table makes", async () => {
  assert.is(await text(page), manPage(version));
});

test("man shows it without a warning, with every command and flag", async () => {
  const env = { MANWIDTH: "200", MANROFFOPT: "-ww", LC_ALL: "C.UTF-8", MAN_KEEP_FORMATTING: "" };
  const { code, stdout, stderr } = await run("man", ["--warnings=w", "--encoding=UTF-8", "-l", page], {
    env,
  });
  assert.is(code, 0, stderr);
  assert.is(stderr, "");
  for (const { name } of commands) assert.match(stdout, `tazpod ${name}`);
  for (const name of Object.keys(flags)) assert.match(stdout, `--${name}`);
  assert.match(stdout, "tazpod - your shell and your secrets on any host");
  assert.match(stdout, "EDITOR='code --wait' tazpod vault edit notes.md");
});

test.run();
