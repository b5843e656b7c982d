import type { StepContext } from "./step.js";
import { capture } from "../host/process.js";
import type { Project } from "../project/project.js";
import { join } from "node:path";
import { agentFolder } from "../engine/container-paths.js";
import { explain } from "../failure/explain.js";
import { makeRelayFolder, relaySocket } from "../host/socket-relay.js";
import { agentSocketFolder } from "../project/container-spec.js";
import { readBytes, realPath } from "../host/files.js";
import { agentSocket } from "./preflight.js";

export interface ShellEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Closes the connection to the ssh-agent. */
  end(): Promise<void>;
}

/**
 * Returns the environment of a shell: language, time zone and terminal of the host, git identity, ssh-agent, and `env`
 * of the config.
 */
export async function shellEnvironment(context: StepContext, tty: boolean): Promise<ShellEnvironment> {
  const [env, agent] = await Promise.all([commandEnvironment(context, tty), forwardAgent(context)]);
  return { env: { ...env, ...agent.env }, end: agent.end };
}

/** Returns the same without the ssh-agent. */
export async function commandEnvironment(
  { project }: Pick<StepContext, "project">,
  tty: boolean,
): Promise<ShellEnvironment["env"]> {
  const { env } = project.config;
  const [zone, identity] = await Promise.all([
    env["TZ"] === undefined ? timeZone() : {},
    gitIdentity(project),
  ]);
  return { ...zone, ...hostVariables(tty), ...identity, ...env };
}

function hostVariables(tty: boolean): Readonly<Record<string, string>> {
  const wanted = tty ? /^(?:LANG|LC_[A-Z]+|TZ|TERM|COLORTERM)$/ : /^(?:LANG|LC_[A-Z]+|TZ)$/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      wanted.test(name) && value ? [[name, value]] : [],
    ),
  );
}

/**
 * Returns the time zone of a host that sets no TZ: its name, and its rule as in POSIX for images that do not know the
 * name. The rule is the last line of the file, see tzfile(5).
 */
async function timeZone(): Promise<Readonly<Record<string, string>>> {
  const file = "/etc/localtime";
  if (process.env["TZ"]) return {};
  const [path, content] = [await realPath(file), await readBytes(file)];
  const name = /\/zoneinfo\/(.+)$/.exec((path.ok ? path.value : undefined) ?? "")?.[1];
  const rule = content.ok ? /\n([^\n]+)\n$/.exec(content.value?.toString("latin1") ?? "")?.[1] : undefined;
  if (rule === undefined) return {};
  return { TZ: name ?? rule, TAZPOD_TZ_RULE: rule };
}

/** Longer than git takes even on a slow disk, in ms. */
const patienceMs = 2_000;

/**
 * Returns the git user of the project on this host as GIT_AUTHOR_… and GIT_COMMITTER_… variables; empty if git is
 * missing or has none.
 */
async function gitIdentity({ root, config }: Project): Promise<Readonly<Record<string, string>>> {
  if (config.git === "none") return {};
  const argv = ["git", "config", "--null", "--get-regexp", "^user\\.(name|email)$"];
  const done = await capture(argv, { cwd: root, timeoutMs: patienceMs, isQuestion: true });
  if (!done.ok || done.value.code !== 0) return {};
  const found: Record<string, string> = {};
  // the last value has the highest precedence
  for (const entry of done.value.stdout.toString().split("\0")) {
    const [key = "", ...value] = entry.split("\n");
    const name = key.replace("user.", "").toUpperCase();
    if (name === "" || value.length === 0) continue;
    for (const who of ["AUTHOR", "COMMITTER"]) found[`GIT_${who}_${name}`] = value.join("\n");
  }
  return found;
}

interface ForwardedAgent {
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const noAgent: ForwardedAgent = { env: {}, end: async () => undefined };

/**
 * Forwards this process's ssh-agent into the container while its shell is open. An agent's socket gets another path at
 * each login, and a container outlives that; so the container has a folder in which each shell gets a socket of its
 * own.
 */
async function forwardAgent({ project, terminal }: StepContext): Promise<ForwardedAgent> {
  const { ssh } = project.config;
  if (ssh !== "auto" && ssh !== "agent") return noAgent;
  const target = await agentSocket();
  if (target === undefined) {
    if (ssh === "agent") terminal.print("There is no ssh-agent: SSH_AUTH_SOCK does not name a socket.");
    return noAgent;
  }
  const folder = agentSocketFolder(project);
  const made = await makeRelayFolder(folder);
  const relay = made.ok ? await relaySocket(folder, target) : made;
  if (!relay.ok) {
    terminal.print(`The ssh-agent is not available in the container. ${explain(relay.failure).message}`);
    return noAgent;
  }
  return { env: { SSH_AUTH_SOCK: join(agentFolder, relay.value.name) }, end: relay.value.end };
}
