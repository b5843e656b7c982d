import type { Result } from "../failure/result.js";
import { answerOnSocket, askOnSocket } from "./private-socket.js";
import { Secret } from "./secret.js";

/** The question for the secret. */
const question = "done";

/**
 * Serves a secret to processes of this user on a socket, see `answerOnSocket`. `give` is called for each request;
 * undefined sends nothing. Returns a function that stops serving.
 */
export function serveSecret(
  path: string,
  give: () => Promise<Secret | undefined>,
): Promise<Result<() => void>> {
  return answerOnSocket(path, async (asked) => {
    const secret = asked === question ? await give() : undefined;
    // a copy: the secret may be wiped before the socket has written it
    return secret?.use((held) => Buffer.from(held)) ?? Buffer.alloc(0);
  });
}

/**
 * Requests the secret from such a socket; undefined if no process of this user answers within two seconds, or it has
 * none.
 */
export async function requestSecret(path: string): Promise<Secret | undefined> {
  const bytes = await askOnSocket(path, question);
  return bytes === undefined ? undefined : Secret.of(bytes);
}
