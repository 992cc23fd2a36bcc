/** Pictures on buttons; the buttons have names of their own. */
const PATHS = {
  run: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  step: "M3 2.5v11l7-5.5zM11 2.5h2v11h-2z",
  restart: "M8 3a5 5 0 1 1-4.7 3.3l1.6.6A3.3 3.3 0 1 0 8 4.7V7L4.2 3.8 8 .8z",
  up: "M8 4l5 6-1.3 1.1L8 6.6l-3.7 4.5L3 10z",
  down: "M8 12L3 6l1.3-1.1L8 9.4l3.7-4.5L13 6z",
  remove: "M4.3 3L8 6.7 11.7 3 13 4.3 9.3 8l3.7 3.7-1.3 1.3L8 9.3 4.3 13 3 11.7 6.7 8 3 4.3z",
  add: "M7.1 3h1.8v4.1H13v1.8H8.9V13H7.1V8.9H3V7.1h4.1z",
} as const;

export const Icon = ({ name }: { name: keyof typeof PATHS }) => (
  <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
    <path d={PATHS[name]} fill="currentColor" />
  </svg>
);
