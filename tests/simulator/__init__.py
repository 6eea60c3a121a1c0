"""The exchange under every misfortune a stick, a computer and a district can have, drawn from a seed.

The real ``services``, ``sync`` and ``district`` code works on real encrypted stores and exchanges real sealed bytes; only the
stick is made of memory (in some schedules it is a folder, opened by the real worker). Beside it runs a **model** in plain
Python of what was acknowledged on which side, which knows nothing of how the exchange works. After every schedule comes a
calm time in which sticks arrive, and then both are compared.

* ``model``       what was acknowledged: rows with their ancestry, batches, the district's holdings
* ``house``       who takes part: founded stores to be copied, computers, files, copies put away
* ``scene``       computers opened, closed, let die, each with its own clock; what they acknowledge goes to the model
* ``traffic``     files up, packs down, introductions, keys, mangled files
* ``world``       all of that, and the copies that are put back, moved, used in parallel
* ``sticks``      the bytes of files: kept, mangled
* ``steps``       the alphabet of a schedule: one function a step
* ``schedules``   drawing one from a seed, running it, the calm time after it, making a failing one small
* ``invariants``  SYNC's promise, as named violations
* ``mutants``     one for each rule: the rule taken out of the real code
* ``table``       rule, schedules, violations with the rule, violations without it

**The promise** that is held to account: once whatever is still alive went on working and could exchange sticks for some rounds,

1. everything in a batch that any file brought to the district (to the district's present past, where it was restored) and
   everything acknowledged at a computer that is still there stands at the district, once, as its newest version; of edits that
   two incarnations of a store made side by side one stands and the other is kept to be seen;
2. counts and totals there are those of the rows acknowledged, nothing more;
3. nothing is shown as received that the district does not hold, at no moment by a receipt of its present epoch;
4. gaps and forks are shown and hold nothing back; where the anchor or a receipt can tell a restored or copied store, it takes a new id;
5. whatever was refused changed nothing; whoever was forgotten stays forgotten on both sides; the district's answers arrive;
6. every row has exactly one state and the right one, and the desk's work is never refused because of the exchange.

A schedule is repeated with ``STATION_SEED`` (printed by ``dev.py``) or alone with
``python -m tests.simulator.schedules SEED [MUTANT]``; a failing one is printed as few steps as still fail.
"""
