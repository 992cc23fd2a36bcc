export interface Lesson {
  readonly topic: string;
  readonly heading: string;
  readonly derivation: string;
  readonly uses: string;
  readonly path: string;
  readonly code: string;
  readonly title: string;
  readonly claim: string;
  readonly problem?: string;
}
export function lessons(): Lesson[];
