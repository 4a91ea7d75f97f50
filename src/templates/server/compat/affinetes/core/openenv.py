"""What the methods reset, step and state of an interactive environment take and return."""


class Model:
    """Named fields with defaults. Unknown names are ignored, as they always were."""

    FIELDS = {}  # name -> default; a type is called for a fresh one, ... means required

    def __init__(self, **values):
        for name, default in self.FIELDS.items():
            value = values.get(name, default)
            if value is ...:
                raise TypeError("%s needs %s" % (type(self).__name__, name))
            setattr(self, name, value() if isinstance(value, type) else value)

    def to_dict(self):
        return {name: getattr(self, name) for name in self.FIELDS}

    def model_dump(self, **_options):
        return self.to_dict()

    def dict(self, **_options):
        return self.to_dict()

    def __eq__(self, other):
        return type(self) is type(other) and self.to_dict() == other.to_dict()

    __hash__ = None

    def __repr__(self):
        return "%s(%s)" % (type(self).__name__, ", ".join("%s=%r" % pair for pair in self.to_dict().items()))


class OpenEnvResponse(Model):
    """One observation of an episode."""

    FIELDS = {
        "observation": ...,
        "reward": 0.0,
        "done": False,
        "truncated": False,
        "episode_id": None,
        "info": dict,
    }

    def __init__(self, **values):
        super().__init__(**values)
        # Rewards and flags often come out of numpy, whose scalars JSON does not know.
        if not isinstance(self.reward, float) or type(self.reward).__module__ == "numpy":
            self.reward = float(self.reward)
        self.done = bool(self.done)
        self.truncated = bool(self.truncated)


class ResetRequest(Model):
    FIELDS = {"task_id": None, "seed": None, "kwargs": None}


class StepRequest(Model):
    FIELDS = {"action": ..., "episode_id": None, "kwargs": None}
