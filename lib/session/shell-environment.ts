import type { StepContext } from "./step.js";
import { capture } from "../host/process.js";
import type { Project } from "../project/project.js";
import { join } from "node:path";
import { agentFolder } from "../engine/container-paths.js";
import { explain } from "../failure/explain.js";
import { makeRelayFolder, relaySocket } from "../host/socket-relay.js";
import { agentSocketFolder } from "../project/container-spec.js";
import { agentSocket } from "./preflight.js";

export interface ShellEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Ends what it leads to. */
  end(): Promise<void>;
}

/** What a shell knows of the host: language, time zone and terminal, who commits, the ssh-agent, and `env` of the config. */
export async function shellEnvironment(context: StepContext, tty: boolean): Promise<ShellEnvironment> {
  const [identity, agent] = await Promise.all([gitIdentity(context.project), forwardAgent(context)]);
  const { env } = context.project.config;
  return { env: { ...hostVariables(tty), ...identity, ...env, ...agent.env }, end: agent.end };
}

function hostVariables(tty: boolean): Readonly<Record<string, string>> {
  const wanted = tty ? /^(?:LANG|LC_[A-Z]+|TZ|TERM|COLORTERM)$/ : /^(?:LANG|LC_[A-Z]+|TZ)$/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      wanted.test(name) && value ? [[name, value]] : [],
    ),
  );
}

/** Longer than git takes even on a slow disk, in ms. */
const patienceMs = 2_000;

/** Who commits in this project on the host, as git's own variables; nothing where git is not there, or does not know. */
async function gitIdentity({ root, config }: Project): Promise<Readonly<Record<string, string>>> {
  if (config.git === "none") return {};
  const argv = ["git", "config", "--null", "--get-regexp", "^user\\.(name|email)$"];
  const done = await capture(argv, { cwd: root, timeoutMs: patienceMs, isQuestion: true });
  if (!done.ok || done.value.code !== 0) return {};
  const found: Record<string, string> = {};
  // of several, the last is the nearest
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
 * Leads the container to the ssh-agent that this process has, for as long as its shell is open. An agent's socket has
 * another path after each login, and a container lives longer than that: so it has a folder of ours, in which each shell
 * has a socket of its own.
 */
async function forwardAgent({ project, terminal }: StepContext): Promise<ForwardedAgent> {
  const { ssh } = project.config;
  if (ssh !== "auto" && ssh !== "agent") return noAgent;
  const target = await agentSocket();
  if (target === undefined) {
    if (ssh === "agent") terminal.print("No ssh-agent here: SSH_AUTH_SOCK names no socket.");
    return noAgent;
  }
  const folder = agentSocketFolder(project);
  const made = await makeRelayFolder(folder);
  const relay = made.ok ? await relaySocket(folder, target) : made;
  if (!relay.ok) {
    terminal.print(`The ssh-agent is not to be had in the container. ${explain(relay.failure).message}`);
    return noAgent;
  }
  return { env: { SSH_AUTH_SOCK: join(agentFolder, relay.value.name) }, end: relay.value.end };
}
