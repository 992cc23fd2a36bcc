/** Dates as ISO 8601 writes them, in exact arithmetic: `Date.parse` reads what has no zone in that of the machine, and engines differ in the rest. */

/** Milliseconds of a day. */
const DAY = 86400000;

const ISO_DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

const DAYS_OF_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const isLeapYear = (year: number) => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;

/**
 * Milliseconds since 1970-01-01T00:00Z of a date in ISO 8601: `2024-02-29`, `2024-02-29T23:59`, with seconds, with a fraction of
 * them (what is below a millisecond is left out), with `Z` or an offset. Without an offset it is UTC. NaN for every other text,
 * days that no month has included.
 *
 * Source of the days: Neri and Schneider 2022, "Euclidean affine functions and their application to calendar algorithms",
 * https://doi.org/10.1002/spe.3172, in the form where years begin in March.
 */
export function isoMilliseconds(text: string): number {
  const match = ISO_DATE.exec(text);
  if (!match) return NaN;
  const year = Number(match[1]);
  const month = Number(match[2]);
  const day = Number(match[3]);
  if (month < 1 || month > 12 || day < 1) return NaN;
  if (day > DAYS_OF_MONTH[month - 1] + (month === 2 && isLeapYear(year) ? 1 : 0)) return NaN;
  const hours = Number(match[4] ?? 0);
  const minutes = Number(match[5] ?? 0);
  const seconds = Number(match[6] ?? 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return NaN;
  const milliseconds = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  const offset = offsetMinutes(match[8]);
  const time = ((hours * 60 + minutes - offset) * 60 + seconds) * 1000 + milliseconds;
  return daysSince1970(year, month, day) * DAY + time;
}

/** Minutes that a zone is ahead of UTC: 330 for `+05:30`, NaN for what is none. */
function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2));
  if (hours > 23 || minutes > 59) return NaN;
  return (zone[0] === "-" ? -1 : 1) * (hours * 60 + minutes);
}

function daysSince1970(year: number, month: number, day: number): number {
  // January and February belong to the year before, so that the leap day is the last of a year.
  const y = month > 2 ? year : year - 1;
  const m = month > 2 ? month - 3 : month + 9;
  const leapDays = Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400);
  return y * 365 + leapDays + Math.floor((153 * m + 2) / 5) + day - 719469;
}
