import { spawn } from "node:child_process";

type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the program that opens a URL in the user's browser; undefined over ssh or without a display. */
export function browserOpener(
  env: Environment,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (env["SSH_CONNECTION"] || env["SSH_TTY"]) return undefined;
  if (platform === "darwin") return "open";
  return env["DISPLAY"] || env["WAYLAND_DISPLAY"] ? "xdg-open" : undefined;
}

/** Opens a URL in the browser, if there is one. Does not wait, and ignores errors. */
export function openInBrowser(address: string): void {
  const program = browserOpener(process.env);
  if (program === undefined) return;
  const child = spawn(program, [address], { stdio: "ignore", detached: true });
  child.on("error", () => undefined);
  child.unref();
}
