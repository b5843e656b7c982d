import { spawn, type ChildProcess } from "node:child_process";

export interface PtyOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * A program on a real terminal (util-linux `script`), driven as a person would: look at the screen, then type.
 */
export class Pty {
  /** Everything shown on the screen, without escape sequences. */
  screen = "";
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;
  #seen = 0;
  #changed: () => void = () => undefined;

  static readonly #all: Pty[] = [];

  /** Ends what a failed test left running; for an `after` hook. */
  static endAll(): void {
    for (const pty of Pty.#all) pty.hangUp();
  }

  constructor(argv: readonly string[], { cwd, env }: PtyOptions = {}) {
    const command = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
    const sized = `stty cols 240 rows 40; exec ${command}`;
    this.#child = spawn(
      "script",
      ["--quiet", "--flush", "--return", "--echo", "never", "--command", sized, "/dev/null"],
      {
        ...(cwd === undefined ? {} : { cwd }),
        env: { ...process.env, TERM: "xterm", SHELL: "/bin/sh", ...env },
        stdio: ["pipe", "pipe", "pipe"],
        detached: true,
      },
    );
    // input to a program that has just ended is lost
    this.#child.stdin?.on("error", () => undefined);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        // eslint-disable-next-line no-control-regex
        this.screen += text.replace(/\u001b\[[0-9;?]*[A-Za-z]|\u001b\][^\u0007]*\u0007/g, "");
        this.#changed();
      });
    }
    this.ended = new Promise((resolve) =>
      this.#child.on("close", (code, signal) => resolve(code ?? (signal === "SIGKILL" ? 137 : 1))),
    );
    void this.ended.then(() => this.#changed());
    Pty.#all.push(this);
  }

  /** The process that holds the terminal. */
  get pid(): number {
    return this.#child.pid as number;
  }

  /** Waits for text to appear after the text of the previous call; fails with the present screen. */
  async expect(what: RegExp | string, ms = 60_000): Promise<void> {
    const end = Date.now() + ms;
    let over = false;
    void this.ended.then(() => (over = true));
    for (;;) {
      const rest = this.screen.slice(this.#seen);
      const at = typeof what === "string" ? rest.indexOf(what) : rest.search(what);
      if (at !== -1) {
        const length = typeof what === "string" ? what.length : (what.exec(rest)?.[0].length ?? 0);
        this.#seen += at + length;
        return;
      }
      if (over) throw new Error(`ended without ${String(what)}; on the screen:\n${this.screen}`);
      if (Date.now() > end)
        throw new Error(`no ${String(what)} within ${ms} ms; on the screen:\n${this.screen}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        this.#changed = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  line(text: string): void {
    this.type(`${text}\r`);
  }

  /** Answers a question without echo; ignores text that was on the screen before. */
  async secret(question: RegExp | string, text: string): Promise<void> {
    await this.expect(question);
    this.line(text);
  }

  interrupt(): void {
    this.type("\u0003");
  }

  /** Closes the terminal, as a lost connection does: its processes get SIGHUP. */
  hangUp(): void {
    this.#child.kill("SIGKILL");
  }
}
