"""Bodies, people and machines, and what they may do. Reference data: not partitioned, no row-level security.

What belongs to one body's cases stands in tables whose key starts with `body` (see `kiban.access.tenancy`).
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from uuid_utils.compat import uuid7

from kiban.access.tenancy import Tenant

LEVELS = ("none", "trial", "full")


class Body(models.Model):
    """団体. `code` is the 6-digit 全国地方公共団体コード, or the slug of a national organ; it never changes."""

    code = models.TextField(primary_key=True)
    kind = models.TextField()
    name = models.TextField()
    kana = models.TextField(blank=True)
    name_en = models.TextField(blank=True)
    prefecture = models.TextField(blank=True)
    prefecture_name = models.TextField(blank=True)
    prefecture_kana = models.TextField(blank=True)
    parent = models.TextField(blank=True)
    county = models.TextField(blank=True)
    county_kana = models.TextField(blank=True)
    postal_codes = ArrayField(models.IntegerField(), default=list)

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class UserManager(BaseUserManager["User"]):
    """Makes users; `create_user` takes the sign-in name and the fields of `User`."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A person or a machine that signs in. A party (当事者) has a partition of its own, `p-<uuid>`."""

    KINDS = (("staff", "staff"), ("party", "party"), ("machine", "machine"))

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.TextField(unique=True)
    display_name = models.TextField()
    kind = models.TextField(choices=KINDS)
    party = models.UUIDField(null=True, blank=True)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ("display_name", "kind")
    objects = UserManager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                name="party_has_partition", condition=~models.Q(kind="party") | models.Q(party__isnull=False)
            ),
        )

    @property
    def partition(self) -> str:
        """Where the drafts of this user live: `p-<uuid>` for a party; staff drafts live in their body."""
        return f"p-{self.party}" if self.party else ""


class RoleGrant(models.Model):
    """A user holds a role of a service for a body, from a day to a day (both included).

    `deputy_for` is the user in whose place it is held (代理). Who gave it and why stands in `SettingChange`.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    body = models.TextField()
    service = models.TextField()
    role = models.TextField()
    department = models.TextField(blank=True)
    from_date = models.DateField()
    to_date = models.DateField(null=True, blank=True)
    deputy_for = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("user", "body", "service", "role", "from_date"), name="one_grant_from_a_day"
            ),
        )
        indexes = (models.Index(fields=("body", "service", "role"), name="grant_by_body"),)


class Absence(models.Model):
    """不在: a person is away from a day to a day (both included), and a deputy acts in their place (代決)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    body = models.TextField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="absences")
    deputy = models.ForeignKey(User, on_delete=models.CASCADE, related_name="deputised")
    from_date = models.DateField()
    to_date = models.DateField()

    class Meta:
        indexes = (models.Index(fields=("body", "to_date"), name="absence_of_body"),)


class ApiToken(models.Model):
    """A token of the API: only its SHA-256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    digest = models.BinaryField(unique=True)
    label = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class Identity(models.Model):
    """How an identity provider knows a user: issuer and subject, both stable; never an e-mail address or a name."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="identities")
    issuer = models.TextField()
    subject = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("issuer", "subject"), name="one_user_of_an_identity"),)


class SignInFailures(models.Model):
    """Failed sign-ins, forgotten at `until`; nothing is tried before `wait_until`.

    `key` is a keyed digest of what is counted (a name, an address, both, or a device), `name` that of the name.
    """

    key = models.BinaryField(primary_key=True)
    name = models.BinaryField(default=b"")
    count = models.IntegerField(default=1)
    wait_until = models.DateTimeField()
    until = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=("until",), name="failures_over"),
            models.Index(fields=("name",), name="failures_of_name"),
        )


class Participation(models.Model):
    """参加: from a day, a body takes part in a service: none, trial, full."""

    body = models.TextField()
    service = models.TextField()
    level = models.TextField(choices=[(level, level) for level in LEVELS])
    from_date = models.DateField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("body", "service", "from_date"), name="one_participation_from_a_day"
            ),
        )


class ClosedDay(models.Model):
    """A day on which the body closes (or, with `open`, opens in spite of the national rule)."""

    body = models.TextField()
    date = models.DateField()
    open = models.BooleanField(default=False)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "date"), name="one_rule_for_a_day"),)


class Office(models.Model):
    """A body's counter for a service: how it is reached and which departments it has (窓口)."""

    body = models.TextField()
    service = models.TextField()
    name = models.TextField(blank=True)
    phone = models.TextField(blank=True)
    email = models.TextField(blank=True)
    address = models.TextField(blank=True)
    hours = models.TextField(blank=True)
    hours_en = models.TextField(blank=True)
    departments = ArrayField(models.TextField(), default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("body", "service"), name="one_office"),)


class SettingChange(Tenant):
    """What a body has set, and who did so and why: append-only. `before` and `after` are JSON."""

    id = models.UUIDField(default=uuid7)
    service = models.TextField()
    kind = models.TextField()
    name = models.TextField()
    from_date = models.DateField(null=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    why = models.TextField(blank=True)
    by = models.TextField()
    by_name = models.TextField()
    at = models.DateTimeField()
    pk = models.CompositePrimaryKey("body", "id")

    class Meta:
        indexes = (models.Index(fields=("body", "service", "kind", "name"), name="setting_of"),)


class ReferenceVersion(models.Model):
    """One row that counts changes of reference data, so that processes know when their caches are old."""

    single = models.BooleanField(primary_key=True, default=True)
    value = models.BigIntegerField(default=1)


class TestClock(models.Model):
    """The instant that tests and the demo have set; production never reads it."""

    __test__ = False

    single = models.BooleanField(primary_key=True, default=True)
    now = models.DateTimeField()

    class Meta:
        db_table = "test_clock"
