import { basename, join } from "node:path";
import { stat } from "../host/files.js";
import { printableWhole } from "../host/printable.js";
import { capture } from "../host/process.js";
import { ringBell } from "../host/screen.js";
import type { ReceivedRequest } from "./request.js";

/** How long notify-send may take, in ms. */
const limitMs = 2_000;
/** The length of what is shown of a command, in characters. */
const shownLength = 80;

/**
 * Tells the user that a request waits: rings the bell of this session's terminal, and shows a notification on the
 * desktop, if there is a session bus and notify-send(1). It names the project, the parts and the first words of the
 * command, but not the program's reason. Never fails, and takes two seconds at most.
 * @param root the project's folder
 */
export async function notifyOfRequest({ command }: ReceivedRequest, root: string): Promise<void> {
  ringBell();
  if (!(await hasSessionBus())) return;
  const parts = command.parts.length === 0 ? "no part" : shorten(command.parts.join(", "));
  const summary = `${shorten(basename(root))}: a program asks for ${parts}`;
  const body = `${escapeMarkup(shorten(command.argv.join(" ")))}\n\`tazpod requests\` shows and answers it.`;
  // notify-send replaces escapes such as \n in the body
  const words = [summary, body.replaceAll("\\", "\\\\")];
  const argv = ["notify-send", "--app-name=tazpod", "--", ...words];
  await capture(argv, { timeoutMs: limitMs, graceMs: 0, isQuestion: true });
}

async function hasSessionBus(): Promise<boolean> {
  const { DBUS_SESSION_BUS_ADDRESS: address = "", XDG_RUNTIME_DIR: folder = "" } = process.env;
  if (address !== "") return true;
  const found = folder === "" ? undefined : await stat(join(folder, "bus"));
  return found?.ok === true && found.value !== undefined;
}

function shorten(text: string): string {
  // a long text need not be cleaned to its end
  const [...characters] = printableWhole(text.slice(0, 4 * shownLength));
  return characters.length > shownLength
    ? `${characters.slice(0, shownLength).join("")}…`
    : characters.join("");
}

/** The body of a notification may have markup, as the specification of desktop notifications lists it. */
function escapeMarkup(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
