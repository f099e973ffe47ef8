// The mean of figures that come part by part.
/** A mean that adds up weighted parts. */
export class Mean {
  #sum = 0;
  #weight = 0;

  /** A part without weight counts for nothing, even where its value is NaN. */
  add(value: number, weight: number): void {
    if (weight === 0) return;
    this.#sum += value * weight;
    this.#weight += weight;
  }

  get value(): number {
    return this.#sum / this.#weight;
  }

  save(): readonly [sum: number, weight: number] {
    return [this.#sum, this.#weight];
  }

  restore([sum, weight]: readonly [sum: number, weight: number]): void {
    this.#sum = sum;
    this.#weight = weight;
  }
}
