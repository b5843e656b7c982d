// needs: script, tmux
// time limit: 300 s
import { readFile } from "node:fs/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Answer } from "../../lib/requests/request.js";
import { bin, Host, shellBin } from "../rig/host.js";
import { Pty } from "../rig/pty.js";
import { madeRequest, RequestSession } from "../rig/request-session.js";
import { Tmux } from "../rig/tmux.js";
import { until } from "../rig/until.js";

// The live queue on real terminals. The sessions are in this process.

test.after(async () => {
  Pty.endAll();
  await Tmux.endAll();
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Longer than a page ignores keys. */
const shownMs = 700;

interface Place {
  readonly host: Host;
  readonly session: RequestSession;
}

async function place(...requests: Parameters<typeof madeRequest>[]): Promise<Place> {
  const host = await Host.make({ remote: "none" });
  const made = requests.map((one) => madeRequest(...one));
  return { host, session: await RequestSession.open(host.folder, ...made) };
}

function tmux({ host }: Place, size?: { readonly columns: number; readonly rows: number }): Promise<Tmux> {
  const script =
    'stty -a >before; "$@"; echo "code $?"; stty -a >after; cmp before after && echo same; exec sleep 600';
  return Tmux.start(["sh", "-c", script, "sh", process.execPath, bin, "requests"], {
    cwd: host.folder,
    ...size,
  });
}

/** Opens the page of the first request and waits until it takes keys. */
async function openPage(screen: Tmux, id = "k7p2"): Promise<void> {
  await screen.shows(/^> /m);
  await screen.keys("Enter");
  await screen.shows(new RegExp(`^Request ${id}: `));
  await pause(shownMs);
}

async function answered(session: RequestSession): Promise<readonly [string, Answer][]> {
  await until(async () => session.answers.length > 0, 10);
  return session.answers.splice(0);
}

test("each key gives its answer; an allowance needs a second key, and any other but y takes it back", async () => {
  const here = await place(["k7p2"]);
  const { session } = here;
  const screen = await tmux(here);
  for (const [keys, answer, note] of [
    [["o", "y"], { answer: "once" }, "allowed once"],
    [["m", "Enter", "y"], { answer: "minutes", minutes: 10 }, "allowed, and the same .* for 10 min"],
    [["m", "4", "BSpace", "5", "Enter", "y"], { answer: "minutes", minutes: 5 }, "allowed, .* for 5 min"],
    [["o", "x", "n"], { answer: "deny" }, "denied"],
    [["m", "Escape", "y", "s"], { answer: "never" }, "denied, and not asked again in this session"],
    [["m", "6", "1", "Enter", "y", "q", "n"], { answer: "deny" }, "denied"],
  ] as const) {
    session.requests = [madeRequest("k7p2")];
    await openPage(screen);
    for (const key of keys) {
      await screen.keys(key);
      await pause(300);
    }
    assert.equal(await answered(session), [["k7p2", answer]], keys.join(" "));
    await screen.shows(new RegExp(`^Request k7p2: ${note}\\.`, "m"));
  }
  await screen.keys("q");
  assert.match(await screen.shows(/^same/m), /^code 0\nsame$/m);
  await session.end();
});

test("keys typed ahead or together answer nothing", async () => {
  const here = await place(["k7p2"]);
  const screen = await tmux(here);
  await screen.shows(/^> k7p2/m);
  await screen.keys("Enter", "n");
  await screen.keys("s", "o", "y");
  await pause(shownMs);
  await screen.keys("o", "y");
  await screen.shows(/^Allow this command once\?$/m);
  await pause(300);
  await screen.keys("x", "n", "s");
  await screen.shows(/^Not allowed\.$/m);
  assert.equal(here.session.answers, []);
  await here.session.end();
});

test("a page stays with its request: answered elsewhere, expired or ended, it says so and takes no answer", async () => {
  const soon = new Date(Date.now() + 4_000).toISOString();
  const here = await place(["k7p2", {}, { expires: soon }], ["h0st"]);
  const { session } = here;
  const screen = await tmux(here);
  const gone = async (what: RegExp): Promise<void> => {
    assert.match(await screen.shows(what), /^Request \w{4}: over$/m);
    await pause(shownMs);
    for (const key of ["o", "y", "m", "Enter", "y", "n", "s", "d"]) await screen.keys(key);
    await pause(300);
    assert.match(await screen.screen(), what);
    assert.equal(session.answers, []);
    await screen.keys("q");
    await screen.shows(/^Requests in /);
  };
  await openPage(screen);
  await until(async () => Date.now() > new Date(soon).getTime(), 10);
  session.requests = session.requests.slice(1);
  await gone(/^It has expired: nothing ran\.$/m);
  await openPage(screen, "h0st");
  await screen.keys("o");
  await screen.shows(/^Allow this command once\?$/m);
  session.requests = [madeRequest("new1"), ...session.requests.slice(1)];
  await gone(/^It waits no more: it was answered elsewhere,/m);
  await openPage(screen, "new1");
  session.requests = [{ ...(session.requests[0] ?? madeRequest("x")), state: "running" }];
  await gone(/^It was allowed elsewhere and runs now\.$/m);
  await openPage(screen, "new1");
  assert.match(await screen.screen(), /^n stop it {2}s stop it, ask no more {2}d difference {2}q back$/m);
  session.requests = [];
  await gone(/^It has ended\.$/m);
  await session.end();
});

test("every end leaves the requests waiting and restores the terminal", async () => {
  const here = await place(["k7p2"]);
  const quiet = async (): Promise<void> => assert.equal(here.session.answers, []);
  for (const key of ["C-c", "C-d"]) {
    const screen = await tmux(here);
    await openPage(screen);
    await screen.keys("o");
    await screen.shows(/^Allow this command once\?$/m);
    await screen.keys(key);
    assert.match(await screen.shows(/^same/m), /^code 0\nsame$/m);
    await quiet();
  }
  for (const signal of ["TERM", "HUP", "INT"]) {
    const pid = here.host.path("pid");
    const script = `echo $$ >${pid}; exec ${shellBin} requests`;
    const screen = await Tmux.start(
      [
        "sh",
        "-c",
        'stty -a >before; sh -c "$0"; echo "code $?"; stty -a >after; cmp before after && echo same; exec sleep 600',
        script,
      ],
      { cwd: here.host.folder },
    );
    await openPage(screen);
    process.kill(Number(await readFile(pid, "utf8")), `SIG${signal}`);
    assert.match(await screen.shows(/^same/m), /^code 130\nsame$/m, signal);
    await quiet();
  }
  const pty = here.host.pty("requests");
  await pty.expect("k7p2");
  pty.line("");
  await pty.expect("Request k7p2");
  await pause(shownMs);
  pty.type("o");
  await pty.expect("Allow this command once?");
  pty.hangUp();
  await pty.ended;
  await quiet();
  await here.session.end();
});

test("at 80 x 24 and at 40 x 12 nothing of a long argument or of hostile text is cut, and it is read before it is allowed", async () => {
  const words = Array.from({ length: 90 }, (_, index) => `word-${index}`).join(" ");
  const trick = `\u001b[2J\u202e\u200b\n  9  "harmless"`;
  const here = await place(["k7p2", { argv: ["sh", "-c", words, trick, "x".repeat(100_000)], why: trick }]);
  const screen = await tmux(here);
  await openPage(screen);
  const rowsOf = async (): Promise<string[]> => {
    let rows: string[] = [];
    for (;;) {
      const text = await screen.screen();
      const [, from = "", to = "", all = ""] = /^-- lines (\d+) to (\d+) of (\d+), /m.exec(text) ?? [];
      const body = text.split("\n").slice(1, 2 + Number(to) - Number(from));
      rows = [...rows.slice(0, Number(from) - 1), ...body];
      if (Number(to) > 60) return (assert.ok(Number(all) > 1000), rows);
      await screen.keys("Space");
      await screen.shows(new RegExp(`^-- lines (?!${from} )`, "m"));
    }
  };
  const wide = await rowsOf();
  assert.ok(wide.every((row) => row.length <= 80));
  const text = (rows: readonly string[]): string => rows.map((row) => row.replace(/^ {6}/, "")).join("");
  // tmux leaves out spaces at the end of a row
  const plain = (shown: string): string => shown.replaceAll(" ", "");
  assert.match(plain(text(wide)), plain(`3  "${words}"`));
  assert.match(text(wide), String.raw`\u{1b}[2J\u{202e}\u{200b}\n  9  \"harmless\"`);
  await screen.keys("Home");
  await screen.shows(/^-- lines 1 to/m);
  await screen.keys("o");
  await screen.shows(/^Read to the end first: nothing is allowed that was not shown\.$/m);
  await screen.keys("End");
  const end = await screen.shows(/, end --$/m);
  assert.match(end, String.raw`  | \u{1b}[2J\u{202e}\u{200b}`);
  assert.match(end, '  |   9  "harmless"');
  await screen.resize(40, 12);
  await screen.keys("Home");
  const small = await screen.shows(/^-- lines 1 to 5 of \d{4}/m);
  assert.ok(small.split("\n").every((row) => row.length <= 40));
  assert.match(small, /^o once {2}m for minutes {2}n deny\ns deny, ask no more {2}d difference\nq back$/m);
  await screen.keys("o");
  await screen.shows(/^Allow this command once\?$/m);
  for (const key of ["x", "q"]) {
    await pause(300);
    await screen.keys(key);
  }
  assert.match(await screen.shows(/^> k7p2/m), /^> k7p2 .{20,32}…$/m);
  assert.equal(here.session.answers, []);
  await here.session.end();
});

test("the difference since the last commit is shown by pages, cleaned", async () => {
  const here = await place(["k7p2"]);
  here.session.difference = Array.from({ length: 30 }, (_, index) => `+line ${index}\t\u001b[2J\u202e`);
  const screen = await tmux(here);
  await openPage(screen);
  await screen.keys("d");
  assert.match(
    await screen.shows(/^-- lines 1 to 20 of 30, more below --$/m),
    String.raw`+line 0    \u{1b}[2J\u{202e}`,
  );
  await pause(shownMs);
  await screen.keys("Space");
  await screen.shows(/^-- lines 11 to 30 of 30, end --$/m);
  await screen.keys("o", "y");
  await screen.keys("q");
  await screen.shows(/^Request k7p2: expires/m);
  assert.equal(here.session.answers, []);
  await here.session.end();
});

test("new requests ring the bell, and the selection stays with its request", async () => {
  const here = await place(["k7p2"], ["h0st"]);
  const pty = here.host.pty("requests");
  await pty.expect("> k7p2");
  pty.type("j");
  await pty.expect("> h0st");
  assert.not.match(pty.screen, "\u0007");
  const first = madeRequest("new1", {}, { received: new Date(0).toISOString() });
  here.session.requests = [first, ...here.session.requests];
  await pty.expect("\u0007");
  await pty.expect("> h0st");
  here.session.requests = [];
  await pty.expect("No request waits.");
  await here.session.end();
  await pty.expect("No session of this project receives requests now.");
  pty.type("q");
  assert.is(await pty.ended, 0);
});

test.run();
