import { Agent, type ClientRequestArgs } from "node:http";
import { createConnection, type NetConnectOpts, type OnReadOpts, type Socket } from "node:net";

/** So many bytes are set aside at once, and so many at least are asked for by one read. */
const bufferBytes = 1024 ** 2;
const minReadBytes = 64 * 1024;

/**
 * Connections, without TLS, that take whatever has come in one read: node's own reads are of 64 KiB, and with each the way
 * through its streams is gone anew, which costs more than the bytes do. With TLS, what comes is cut into its records in
 * any case.
 */
export class LargeReadAgent extends Agent {
  override createConnection(options: ClientRequestArgs): Socket {
    const onread = largeReads((piece) => socket.push(piece));
    const socket = createConnection({ ...(options as NetConnectOpts), onread });
    return socket;
  }
}

/** Each read goes behind the one before, so that nothing is copied, and no byte is written over while it is used. */
function largeReads(push: (piece: Buffer) => boolean): OnReadOpts {
  let free = Buffer.alloc(0);
  return {
    buffer() {
      if (free.length < minReadBytes) free = Buffer.allocUnsafeSlow(bufferBytes);
      return free;
    },
    callback(bytes) {
      const piece = free.subarray(0, bytes);
      free = free.subarray(bytes);
      return push(piece);
    },
  };
}
