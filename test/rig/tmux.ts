import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { newFolder } from "./folder.js";
import { until } from "./until.js";

const execute = promisify(execFile);

/** A program on a terminal of this size that shows what a person would see: tmux, with a server of its own. */
export class Tmux {
  readonly #socket: string;
  static readonly #all: Tmux[] = [];

  private constructor(socket: string) {
    this.#socket = socket;
    Tmux.#all.push(this);
  }

  /** Ends all that were started; for an `after` hook. */
  static async endAll(): Promise<void> {
    for (const one of Tmux.#all) await one.#tmux("kill-server").catch(() => undefined);
  }

  static async start(
    argv: readonly string[],
    { cwd, env = {}, columns = 80, rows = 24 }: TmuxOptions,
  ): Promise<Tmux> {
    const tmux = new Tmux(join(await newFolder("tmux"), "socket"));
    const size = ["-x", String(columns), "-y", String(rows)];
    const set = Object.entries(env).flatMap(([name, text]) => ["-e", `${name}=${text}`]);
    await tmux.#tmux("-f", "/dev/null", "new-session", "-d", ...size, "-c", cwd, ...set, ...argv);
    return tmux;
  }

  /** Types keys by tmux's names, such as `Enter`, together. */
  async keys(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** The rows of the screen. */
  async screen(): Promise<string> {
    return this.#tmux("capture-pane", "-p");
  }

  /** Waits until the screen matches, and returns it. */
  async shows(what: RegExp): Promise<string> {
    let screen = "";
    const matches = async (): Promise<boolean> => what.test((screen = await this.screen()));
    await until(matches, 20, () => `${String(what)} on\n${screen}`);
    return screen;
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  async #tmux(...args: string[]): Promise<string> {
    return (await execute("tmux", ["-S", this.#socket, ...args])).stdout;
  }
}

interface TmuxOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly rows?: number;
}
