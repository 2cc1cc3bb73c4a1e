from bench.stats.command_lines import readable

PROGRAM = "import sys; sys.argv[0] = 'server'; from server import run; run(); run()"


def test_a_long_program_is_told_apart_from_others_and_not_shown() -> None:
    python, option, program, app = readable(("python", "-c", PROGRAM, "shop:app"))
    assert (python, option, app) == ("python", "-c", "shop:app")
    assert program.startswith("<program ")
    assert len(program) < 20
    assert readable(("python", "-c", PROGRAM)) == ("python", "-c", program)
    assert readable(("python", "-c", PROGRAM + " ")) != ("python", "-c", program)


def test_all_else_stays_as_it_is() -> None:
    for command in ((PROGRAM, PROGRAM), ("python", "-c", "import app"), ("-c",), ()):
        assert readable(command) == command
