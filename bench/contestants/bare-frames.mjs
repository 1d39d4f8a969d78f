// What bare's two ends share: frames of a 32-bit big-endian length and UTF-8 JSON.

const HEADER_BYTES = 4;

/** Gathers texts and writes those of one tick as one buffer. */
export class FrameWriter {
  #socket;
  #texts = [];

  constructor(socket) {
    this.#socket = socket;
  }

  send(text) {
    // Runs once the microtasks of this tick are done, and with them all they had to send.
    if (this.#texts.push(text) === 1) process.nextTick(this.#flush);
  }

  #flush = () => {
    const texts = this.#texts;
    this.#texts = [];
    let bytes = 0;
    for (const text of texts) bytes += HEADER_BYTES + Buffer.byteLength(text);
    const buffer = Buffer.allocUnsafe(bytes);
    let at = 0;
    for (const text of texts) {
      const written = buffer.utf8Write(text, at + HEADER_BYTES);
      buffer.writeUInt32BE(written, at);
      at += HEADER_BYTES + written;
    }
    this.#socket.write(buffer);
  };
}

/** Cuts what arrives into frames. The chunks of a frame are joined once, when it is complete. */
export class FrameReader {
  #onText;
  #chunks = [];
  #held = 0;
  /** Bytes that the unfinished frame takes, its header too; only the header's until all of that is here. */
  #needed = HEADER_BYTES;

  constructor(onText) {
    this.#onText = onText;
  }

  push(chunk) {
    let start = 0;
    while (this.#held > 0) {
      const missing = this.#needed - this.#held;
      const part = chunk.subarray(start, start + missing);
      this.#chunks.push(part);
      this.#held += part.length;
      if (part.length < missing) return;
      start += part.length;
      const joined = Buffer.concat(this.#chunks, this.#held);
      this.#chunks = [];
      this.#held = 0;
      this.#read(joined, 0);
    }
    this.#read(chunk, start);
  }

  /** Reads the complete frames from `start` on and keeps the rest. */
  #read(bytes, start) {
    while (bytes.length - start >= HEADER_BYTES) {
      const end = start + HEADER_BYTES + bytes.readUInt32BE(start);
      if (end > bytes.length) {
        this.#hold(bytes, start, end - start);
        return;
      }
      this.#onText(bytes.utf8Slice(start + HEADER_BYTES, end));
      start = end;
    }
    if (start < bytes.length) this.#hold(bytes, start, HEADER_BYTES);
  }

  #hold(bytes, start, needed) {
    this.#chunks.push(bytes.subarray(start));
    this.#held = bytes.length - start;
    this.#needed = needed;
  }
}
