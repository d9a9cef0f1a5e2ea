// SPDX-License-Identifier: GPL-3.0-or-later
import type { PlainText } from './escape-codes.ts';

/**
 * From how many bytes on a secret is hidden wherever it is printed. A shorter one occurs by chance, or is the name of the device: only
 * its echo is hidden, which comes in the line where it was typed.
 */
const longBytes = 8;

/** How soon after a short secret was typed its echo begins, in `bytes` of output. */
const echoBytes = 200;

/** How much of the last output may be shown to people, in `bytes`. */
const shownBytes = 10_000;

interface Secret {
  readonly bytes: Buffer;
  /** positions in the output between which it is hidden if it begins there */
  readonly from: number;
  to: number;
}

/** Hides secrets that were typed at a console in what the console prints. Each byte becomes a `*`. */
export class SecretEcho {
  #secrets: readonly Secret[] = [];
  /** the end of the output so far, if it may be the beginning of a secret */
  #held = Buffer.alloc(0);

  /** Notes that a secret is typed now. @param position - in the output */
  add(secret: Uint8Array, position: number): void {
    if (secret.length === 0) return;
    const bytes = Buffer.from(secret);
    const isLong = bytes.length >= longBytes;
    if (isLong && this.#secrets.some((other) => other.bytes.equals(bytes))) return;
    const recent = this.#secrets.filter(({ to }) => to > position - shownBytes);
    this.#secrets = [...recent, { bytes, from: position, to: isLong ? Infinity : position + echoBytes }];
  }

  /**
   * Takes output, and returns what to record of it and of earlier output.
   * @param position - of the first byte of the chunk
   */
  take(chunk: Buffer, position: number): Buffer {
    if (this.#secrets.length === 0) return chunk;
    this.#endEchoes(chunk, position);
    const bytes = Buffer.concat([this.#held, chunk]);
    const base = position - this.#held.length;
    const length = bytes.length - this.#undecided(bytes, base);
    this.#held = bytes.subarray(length);
    return this.#hide(bytes, (index) => base + index).subarray(0, length);
  }

  /** Returns the rest of what to record. */
  flush(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return rest;
  }

  /** Hides the secrets in text that is shown. */
  hide({ bytes, positionOf }: PlainText): PlainText {
    return { bytes: this.#hide(bytes, positionOf), positionOf };
  }

  /** The echo of a short secret comes before the next line feed. */
  #endEchoes(chunk: Buffer, position: number): void {
    for (const secret of this.#secrets) {
      if (secret.bytes.length >= longBytes || secret.to <= position) continue;
      const lineFeed = chunk.indexOf('\n', Math.max(0, secret.from - position));
      if (lineFeed >= 0) secret.to = Math.min(secret.to, position + lineFeed);
    }
  }

  #hide(bytes: Buffer, positionOf: (index: number) => number): Buffer {
    let hidden: Buffer | undefined;
    for (const { bytes: secret, from, to } of this.#secrets) {
      for (let at = bytes.indexOf(secret); at >= 0; at = bytes.indexOf(secret, at + 1)) {
        const position = positionOf(at);
        if (position >= from && position < to) (hidden ??= Buffer.from(bytes)).fill('*', at, at + secret.length);
      }
    }
    return hidden ?? bytes;
  }

  /** How many of the last bytes may be the beginning of a secret. */
  #undecided(bytes: Buffer, base: number): number {
    const lengths = this.#secrets.map(({ bytes: secret, from, to }) => {
      for (let length = Math.min(secret.length - 1, bytes.length); length > 0; length -= 1) {
        const start = bytes.length - length;
        if (base + start < from || base + start >= to) continue;
        if (secret.subarray(0, length).equals(bytes.subarray(start))) return length;
      }
      return 0;
    });
    return Math.max(0, ...lengths);
  }
}
