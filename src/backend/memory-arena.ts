// A bump allocator over chunks of a backend's memory: taking is an addition, giving back is setting the position. It ends in
// one chunk, whatever a step needs: chunks taken on the way are merged when the arena is empty, and one far too large for
// what came since is given back.

/** A run of bytes, aligned to 64. Native memory has both a buffer and an address; WASM memory one of them. */
export interface Region {
  readonly bytes: number;
  /** Where kernels find it; 0 if they cannot. */
  readonly address: number;
  /** The ArrayBuffer it lies in from `offset` on; null in the WASM heap, whose buffer changes with growth. */
  readonly buffer: ArrayBuffer | null;
  readonly offset: number;
}

/** Where regions come from. `take` throws if there is no room; new ArrayBuffers are zero, heap memory is not. */
export interface RegionSource {
  take(bytes: number): Region;
  give(region: Region): void;
}

/** Whether somebody transferred the buffer of a tensor, and with it the whole region, to another thread. */
export const isDetached = (region: Region): boolean => region.buffer !== null && region.buffer.byteLength === 0;

export const ALIGNMENT = 64;
const SMALLEST_CHUNK = 1 << 20;
/** Rounds of use after which a chunk four times too large is given back. */
const ROUNDS = 64;

export class Arena {
  /** The chunk of the last `take`. */
  region!: Region;
  private chunks: Region[] = [];
  private current = 0;
  /** Bytes before the current chunk (the capacity of those filled), and in it. */
  private before = 0;
  private inside = 0;
  private peak = 0;
  private wanted = SMALLEST_CHUNK;
  private rounds = 0;
  private recentPeak = 0;

  constructor(private readonly source: RegionSource) {}

  /** Bytes in use, the unused ends of filled chunks included. `reset(position)` goes back to there. */
  get position(): number {
    return this.before + this.inside;
  }

  get capacity(): number {
    return this.chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  }

  /** Room for `bytes`: the offset in `this.region`. */
  take(bytes: number): number {
    const rounded = Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
    let chunk = this.chunks[this.current];
    if (chunk === undefined || this.inside + rounded > chunk.bytes || isDetached(chunk)) chunk = this.advance(rounded);
    const offset = this.inside;
    this.inside += rounded;
    if (this.position > this.peak) this.peak = this.position;
    this.region = chunk;
    return offset;
  }

  reset(position: number): void {
    while (position < this.before) this.before -= this.chunks[--this.current]?.bytes ?? 0;
    this.inside = position - this.before;
    if (position === 0) this.settle();
  }

  /** Gives everything back. */
  clear(): void {
    this.current = this.before = this.inside = 0;
    for (const chunk of this.chunks.splice(0)) this.source.give(chunk);
  }

  /** The next chunk that has room; chunks without it, or whose buffer was taken away, are skipped. */
  private advance(bytes: number): Region {
    for (let next = this.chunks[this.current]; next !== undefined; next = this.chunks[this.current]) {
      if (this.inside + bytes <= next.bytes && !isDetached(next)) return next;
      this.current++;
      this.before += next.bytes;
      this.inside = 0;
    }
    const chunk = this.takeChunk(Math.max(bytes, this.wanted, this.capacity / 2), bytes);
    this.chunks.push(chunk);
    this.wanted = SMALLEST_CHUNK;
    return chunk;
  }

  private takeChunk(generous: number, bytes: number): Region {
    const size = Math.ceil(generous / ALIGNMENT) * ALIGNMENT;
    if (size > bytes) {
      try {
        return this.source.take(size);
      } catch {
        // No room for a generous chunk: one that is just large enough may still fit.
      }
    }
    return this.source.take(bytes);
  }

  private settle(): void {
    this.recentPeak = Math.max(this.recentPeak, this.peak);
    this.peak = 0;
    this.rounds++;
    if (this.chunks.length > 1) {
      // Some slack, so that steps which differ a little do not merge again and again.
      this.wanted = this.recentPeak * 1.125;
      this.clear();
    } else if (this.chunks[0] !== undefined && isDetached(this.chunks[0])) {
      this.clear();
    } else if (this.rounds >= ROUNDS) {
      if (this.capacity > Math.max(4 * this.recentPeak, SMALLEST_CHUNK)) {
        this.wanted = Math.max(2 * this.recentPeak, SMALLEST_CHUNK);
        this.clear();
      }
      this.rounds = 0;
      this.recentPeak = 0;
    }
  }
}
