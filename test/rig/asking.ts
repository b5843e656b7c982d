import { chmod, writeFile } from "node:fs/promises";
import { openEngine } from "../../lib/engine/choose-engine.js";
import type { Answer, ReceivedRequest, SessionQuestion, SessionReply } from "../../lib/requests/request.js";
import { listeningSessions } from "../../lib/requests/session-socket.js";
import { type Ended, engineName, Host, podSettings, quick } from "./host.js";
import { value } from "./result.js";
import { underShell, type UnderShell } from "./under-shell.js";
import { until } from "./until.js";

/** A value in the part `prod`, and one in the rest of the vault. */
export const prodKey = "pr0d-k3y-0a1b2c3d";

/** A host with a vault that has the part `prod`, and files in its project. */
export async function askingHost(files: Readonly<Record<string, string>> = {}, more = ""): Promise<Host> {
  const pods = engineName === "kubernetes" ? `kubernetes: { ${podSettings}, start_timeout: 120s }\n` : "";
  const settings = `engine: ${engineName}\n${pods}${quick}`;
  const host = await Host.make({ more: settings });
  host.env["TAZPOD_ENGINE"] = engineName;
  for (const [name, text] of Object.entries(files)) await writeFile(host.path(name), text, { mode: 0o755 });
  // for the container's user
  await chmod(host.folder, 0o777);
  for (const name of Object.keys(files)) await chmod(host.path(name), 0o777);
  const made = await host.enter(
    `umask 077; cd ~/secrets; mkdir prod; printf 'token: "${prodKey}"\\n' > prod/key; echo r > readme`,
  );
  if (made.code !== 0) throw new Error(made.stderr);
  await host.configure("none", `${settings}${more}parts:\n  prod: { paths: [prod], open: on-request }\n`);
  return host;
}

/** The names of the folders of the sessions that listen in the container. */
async function listeners(host: Host): Promise<readonly string[]> {
  // there may be no container yet
  const listed = await host.inside("ls ~/.local/state/tazpod-requests 2>/dev/null; :").catch(() => "");
  return listed.split("\n").filter(Boolean);
}

/** An open session on a terminal, whose container's programs may ask. */
export class AskingSession {
  readonly host: Host;
  readonly shell: UnderShell;

  private constructor(host: Host, shell: UnderShell) {
    this.host = host;
    this.shell = shell;
  }

  static async open(host: Host): Promise<AskingSession> {
    const before = await listeners(host);
    const shell = await underShell(host, "--yes", "--passphrase-file", host.passphraseFile);
    await shell.pty.expect("$ ");
    await until(async () => (await listeners(host)).some((one) => !before.includes(one)));
    return new AskingSession(host, shell);
  }

  /** Runs a script in a shell of its own in the container; throws if it has not ended after five minutes. */
  async run(script: string): Promise<Ended> {
    const engine = await openEngine(engineName);
    const words = `PATH=$PATH:$HOME/.local/bin; cd /workspace\n${script}`;
    const signal = AbortSignal.timeout(300_000);
    const done = await engine.exec(this.host.container, ["sh", "-c", words], {
      user: "tazpod",
      input: "",
      signal,
    });
    if (!done.ok) throw new Error(`${script.slice(0, 100)}: ${JSON.stringify(done.failure)}`);
    const { code, stdout, stderr } = done.value;
    return { code: code ?? -1, stdout: stdout.toString(), stderr };
  }

  /** Asks for a command, with options of `tazpod-ask`, as a script has them. */
  ask(command: string, options = "--part prod"): Promise<Ended> {
    return this.run(`tazpod-ask --why test ${options} -- ${command}`);
  }

  /** What waits and runs. */
  async requests(): Promise<readonly ReceivedRequest[]> {
    return value(await listeningSessions(this.host.folder)).flatMap(({ requests }) => requests);
  }

  /** Waits for a request whose command begins with these words; `state` is `waiting` unless given. */
  async received(words: string, state = "waiting"): Promise<ReceivedRequest> {
    let found: ReceivedRequest | undefined;
    await until(async () => {
      found = (await this.requests()).find(
        (one) => one.state === state && one.command.argv.join(" ").startsWith(words),
      );
      return found !== undefined;
    });
    return found as ReceivedRequest;
  }

  async say(question: SessionQuestion): Promise<SessionReply> {
    const sessions = value(await listeningSessions(this.host.folder));
    const has = (id: string): (typeof sessions)[number] | undefined =>
      sessions.find(({ requests }) => requests.some((one) => one.id === id));
    const session = ("id" in question ? has(question.id) : undefined) ?? sessions[0];
    return (await session?.ask(question)) ?? { problem: "no session listens" };
  }

  /** Waits for a request and answers it. Returns it as it was shown. */
  async answer(words: string, answer: Answer): Promise<ReceivedRequest> {
    const request = await this.received(words);
    const reply = await this.say({ op: "answer", id: request.id, ...answer });
    if (!("done" in reply)) throw new Error(JSON.stringify(reply));
    return request;
  }

  /** Leaves the shell; returns its exit code. */
  async leave(): Promise<number> {
    this.shell.pty.line("exit");
    const code = await this.shell.left();
    if (code !== 0) throw new Error(this.shell.pty.screen);
    return code;
  }
}
