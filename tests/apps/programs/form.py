"""A program that takes over the terminal."""

import curses


def main(screen):
    curses.start_color()
    curses.use_default_colors()
    curses.curs_set(0)
    screen.addstr(1, 2, f"colours {curses.COLORS}, press a key")
    screen.refresh()
    key = screen.getkey()
    screen.addstr(2, 2, f"that was {key}, a letter")
    screen.refresh()
    letter = screen.get_wch()
    screen.addstr(3, 2, f"that was {letter}, now q")
    screen.refresh()
    while screen.getkey() != "q":
        pass


if __name__ == "__main__":
    curses.wrapper(main)
    print("bye")
