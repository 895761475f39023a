"""The queue's tables stay out of the admin: a schedule could call any function, and the queue decides nothing that people should see."""

from django.contrib import admin
from django_q import admin as queue

admin.site.unregister([queue.Schedule, queue.Success, queue.Failure, queue.OrmQ])
