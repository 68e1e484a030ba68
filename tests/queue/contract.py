"""What every engine must do, whoever gives the turns: all parts of the contract as one suite."""

from tests.queue.deliveries_contract import DeliveriesContract
from tests.queue.engine_suite import NewEngine as NewEngine
from tests.queue.lanes_contract import LanesContract
from tests.queue.owners_contract import OwnersContract
from tests.queue.turns_contract import TurnsContract


class EngineContract(TurnsContract, DeliveriesContract, OwnersContract, LanesContract):
    """The suite. One for an engine inherits, and says what EngineSuite leaves open: `new_engine`, and `freeze` where
    engines listen to each other's hearts.
    """
