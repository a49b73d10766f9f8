import type { WriteStream } from 'node:tty';

type Colour = 'bold' | 'dim' | 'green' | 'red' | 'yellow' | 'cyan';

const CODES: Readonly<Record<Colour, number>> = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 };
const RESET = '\u001b[0m';
const CLEAR_LINE = '\r\u001b[2K';
/** Without a terminal a progress line is printed each time the work has come this much further. */
const PLAIN_PROGRESS_STEP = 0.25;
const BAR_WIDTH = 28;

/** What the demo needs of `process.stdout`. */
export type Output = Pick<NodeJS.WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY'>>;

/** Writes the demo's lines: with colours and a moving progress bar on a terminal, as plain lines elsewhere. */
export class Terminal {
  private readonly isInteractive: boolean;
  private readonly hasColours: boolean;
  private isLineOpen = false;
  private shownShare = 0;

  constructor(
    private readonly output: Output = process.stdout,
    environment: Readonly<Record<string, string | undefined>> = process.env,
  ) {
    this.isInteractive = output.isTTY === true && environment['TERM'] !== 'dumb';
    this.hasColours = this.isInteractive && (environment['NO_COLOR'] ?? '') === '';
  }

  paint(colour: Colour, text: string): string {
    return this.hasColours ? `\u001b[${CODES[colour]}m${text}${RESET}` : text;
  }

  line(text = ''): void {
    this.closeLine();
    this.output.write(`${text}\n`);
  }

  /** A step of the demo: what is being done. Follow it by lines or by {@link progress}. */
  step(title: string, text: string): void {
    this.shownShare = 0;
    this.line(`${this.paint('cyan', title.padEnd(9))} ${text}`);
  }

  /** What a step found, indented below it. */
  detail(text: string): void {
    this.line(`${' '.repeat(10)}${text}`);
  }

  /** Shows how far the work has come. @param share 0 to 1 */
  progress(share: number, text: string): void {
    const bounded = Math.min(1, Math.max(0, share));
    if (this.isInteractive) {
      const filled = Math.round(bounded * BAR_WIDTH);
      const bar = `${this.paint('green', '#'.repeat(filled))}${this.paint('dim', '.'.repeat(BAR_WIDTH - filled))}`;
      this.output.write(`${CLEAR_LINE}${' '.repeat(10)}[${bar}] ${text}`);
      this.isLineOpen = true;
    } else if (bounded - this.shownShare >= PLAIN_PROGRESS_STEP || (bounded === 1 && this.shownShare < 1)) {
      this.shownShare = bounded;
      this.detail(`${String(Math.round(bounded * 100)).padStart(3)} %  ${text}`);
    }
  }

  private closeLine(): void {
    if (this.isLineOpen) this.output.write('\n');
    this.isLineOpen = false;
  }
}

const COUNT = new Intl.NumberFormat('en-US');

/** `20000` as `20,000`. */
export function formatCount(count: number): string {
  return COUNT.format(Math.round(count));
}

/** Milliseconds as `4.2 s`. */
export function formatSeconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
