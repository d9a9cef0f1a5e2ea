// SPDX-License-Identifier: GPL-3.0-or-later

/** A terminal with just the escape codes that alpy uses: what a person sees after some output. */
export class Screen {
  #rows: string[] = [''];
  #row = 0;
  #column = 0;

  /** Takes output of a program, with complete escape codes. */
  write(text: string): void {
    for (const [part, up, erase, , other] of text.matchAll(/\x1b\[(\d*)A|\x1b\[(0?)J|\x1b\[([\d;?]*[a-zA-Z])|([^])/gu)) {
      if (part.endsWith('A') && part.startsWith('\x1b')) this.#row = Math.max(0, this.#row - Number(up === '' ? 1 : up));
      else if (erase !== undefined) this.#erase();
      else if (other !== undefined) this.#put(other);
    }
  }

  /** The lines without spaces at their ends. */
  get lines(): readonly string[] {
    return this.#rows.map((row) => row.trimEnd());
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') {
      this.#row += 1;
      this.#column = 0;
      this.#rows[this.#row] ??= '';
    } else {
      const characters = [...(this.#rows[this.#row] ?? '').padEnd(this.#column)];
      characters[this.#column] = character;
      this.#rows[this.#row] = characters.join('');
      this.#column += 1;
    }
  }

  #erase(): void {
    this.#rows = this.#rows.slice(0, this.#row + 1);
    this.#rows[this.#row] = [...(this.#rows[this.#row] ?? '')].slice(0, this.#column).join('');
  }
}
