import type { StepContext } from "./step.js";
import { forwardAgent } from "./ssh-agent.js";
import { gitIdentity } from "./git-identity.js";

export interface ShellEnvironment {
  readonly env: Readonly<Record<string, string>>;
  /** Ends what it leads to. */
  end(): Promise<void>;
}

/** What a shell knows of the host: language, time zone and terminal, who commits, the ssh-agent, and `env` of the config. */
export async function shellEnvironment(context: StepContext, tty: boolean): Promise<ShellEnvironment> {
  const [identity, agent] = await Promise.all([gitIdentity(context.project), forwardAgent(context)]);
  const { env } = context.project.config;
  return { env: { ...ofHost(tty), ...identity, ...env, ...agent.env }, end: agent.end };
}

function ofHost(tty: boolean): Readonly<Record<string, string>> {
  const wanted = tty ? /^(?:LANG|LC_[A-Z]+|TZ|TERM|COLORTERM)$/ : /^(?:LANG|LC_[A-Z]+|TZ)$/;
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) =>
      wanted.test(name) && value ? [[name, value]] : [],
    ),
  );
}
