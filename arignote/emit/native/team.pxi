# The threads that share loops: their functions stand in team.h.

cdef extern from "native/team.h":
    size_t an_team_address()
    void an_set_spin(double us)


def team_address():
    """Where the functions are that emitted modules share loops by; 0: there are none."""
    return an_team_address()


def set_spin(double us):
    """How many microseconds an idle thread waits for work before it sleeps."""
    an_set_spin(us)
