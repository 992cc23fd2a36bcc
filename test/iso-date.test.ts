import { describe, expect, it } from "vitest";
import { isoMilliseconds } from "../src/iso-date.ts";

describe("isoMilliseconds", () => {
  it("counts the days of every month from year 0 to 9999 as the calendar does", () => {
    for (let year = 0; year <= 9999; year += year < 1900 || year > 2100 ? 37 : 1)
      for (let month = 0; month < 12; month++)
        for (const day of [1, 28, 29, 30, 31]) {
          const text = `${String(year).padStart(4, "0")}-${String(month + 1).padStart(2, "0")}-${day < 10 ? "0" : ""}${day}`;
          const date = new Date(0);
          date.setUTCFullYear(year, month, day);
          const exists = date.getUTCMonth() === month && date.getUTCDate() === day;
          expect(isoMilliseconds(text), text).toBe(exists ? date.getTime() : NaN);
        }
  });

  it.each([
    ["1970-01-01", 0],
    ["1970-01-01T00:00", 0],
    ["1970-01-01 00:01", 60_000],
    ["1970-01-01T00:00:01Z", 1000],
    ["1970-01-01T00:00:00.5", 500],
    ["1970-01-01T00:00:00.123456789Z", 123],
    ["1970-01-01T05:30+05:30", 0],
    ["1970-01-01T00:00-0100", 3_600_000],
    ["1970-01-01T01:00+01", 0],
    ["1969-12-31T23:59:59.999Z", -1],
    ["2024-02-29T12:00:00Z", 1709208000000],
  ])("%s is %d", (text, milliseconds) => {
    expect(isoMilliseconds(text)).toBe(milliseconds);
  });

  it.each([
    "",
    "2024",
    "2024-1-1",
    "2023-02-29",
    "1900-02-29",
    "2024-13-01",
    "2024-00-01",
    "2024-01-00",
    "2024-04-31",
    "2024-01-01T",
    "2024-01-01T24:00",
    "2024-01-01T00:60",
    "2024-01-01T00:00:60",
    "2024-01-01T00:00+24:00",
    "2024-01-01T00:00+00:60",
    "2024-01-01Z",
    " 2024-01-01",
    "20240101",
    "01/02/2024",
  ])("%j is no date", (text) => {
    expect(isoMilliseconds(text)).toBeNaN();
  });
});
