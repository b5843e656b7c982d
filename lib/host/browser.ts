import { spawn } from "node:child_process";

type Environment = Readonly<Record<string, string | undefined>>;

/** The program that opens an address where the person sits; undefined without a screen of this host before them. */
export function browserOpener(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (env["SSH_CONNECTION"] || env["SSH_TTY"]) return undefined;
  if (platform === "darwin") return "open";
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? "xdg-open" : undefined;
}

/** Has it opened, if it can be; nobody waits for that, and that it fails matters to nobody. */
export function openInBrowser(address: string): void {
  const program = browserOpener(process.env);
  if (program === undefined) return;
  const child = spawn(program, [address], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
