import type { S3Client } from "@aws-sdk/client-s3";

/** Where an answer came from, if not from an S3 server: the name of the error that is thrown for it. */
export type Stranger = "AnswerOfNoS3" | "ProxyRefused";

/**
 * Makes a client throw for an answer that no S3 server gives: a page for people, as a proxy, the login page of a network,
 * or a web console sends it. Its status says nothing about the vault.
 */
export function rejectPages(client: S3Client): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, headers, body } = result.response as Answer;
      if (!isPage(statusCode, headers)) return result;
      body?.destroy?.();
      throw strange("AnswerOfNoS3", statusCode, headers["server"]);
    },
    { step: "deserialize", name: "rejectPages", priority: "low" },
  );
}

interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { destroy?(): void };
}

/** OpenStack Swift, too, calls its empty answers HTML; but every S3 server numbers its answers. */
function isPage(status: number, headers: Answer["headers"]): boolean {
  if (headers["x-amz-request-id"] !== undefined) return false;
  const type = headers["content-type"] ?? "";
  return /^text\/html\b/i.test(type) || (status >= 300 && /^text\/plain\b/i.test(type)) || status === 407;
}

/** Returns the error for an answer; one of a server that may be back soon is tried again by the SDK. */
export function strange(name: Stranger, status: number, text = ""): Error {
  const $metadata = status >= 500 ? { httpStatusCode: status } : {};
  return Object.assign(new Error(`${status} ${text}`.trim()), { name, $metadata });
}
