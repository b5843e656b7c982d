import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A registry without images, which answers with the error codes of the distribution specification. */
export async function emptyRegistry(): Promise<{
  readonly address: string;
  readonly close: () => Promise<void>;
}> {
  const server = createServer(({ url }, response) => {
    const isRoot = url === "/v2/";
    response.writeHead(isRoot ? 200 : 404, {
      "content-type": "application/json",
      "docker-distribution-api-version": "registry/2.0",
    });
    const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
    response.end(JSON.stringify(isRoot ? {} : { errors }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
