import { join } from "node:path";
import { agentFolder } from "../engine/paths.js";
import { explain } from "../failure/explain.js";
import { makeRelayFolder, relaySocket } from "../host/socket-relay.js";
import { agentSocketFolder } from "../project/container-spec.js";
import { agentSocket } from "./preflight.js";
import type { StepContext } from "./step.js";

export interface Agent {
  readonly env: Readonly<Record<string, string>>;
  end(): Promise<void>;
}

const none: Agent = { env: {}, end: async () => undefined };

/**
 * Leads the container to the ssh-agent that this process has, for as long as its shell is open. An agent's socket has
 * another path after each login, and a container lives longer than that: so it has a folder of ours, in which each shell
 * has a socket of its own.
 */
export async function forwardAgent({ project, terminal }: StepContext): Promise<Agent> {
  const { ssh } = project.config;
  if (ssh !== "auto" && ssh !== "agent") return none;
  const target = await agentSocket();
  if (target === undefined) {
    if (ssh === "agent") terminal.print("No ssh-agent here: SSH_AUTH_SOCK names no socket.");
    return none;
  }
  const folder = agentSocketFolder(project);
  const made = await makeRelayFolder(folder);
  const relay = made.ok ? await relaySocket(folder, target) : made;
  if (!relay.ok) {
    terminal.print(`The ssh-agent is not to be had in the container. ${explain(relay.failure).message}`);
    return none;
  }
  return { env: { SSH_AUTH_SOCK: join(agentFolder, relay.value.name) }, end: relay.value.end };
}
